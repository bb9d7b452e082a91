"""Reads what Overread wrote with other people's readers, and compares it voxel by voxel with what it was made of.

python peers.py READER CASE...: READER is pydicom, highdicom, dcmqi or plastimatch; CASE a folder with case.json, images/,
segment-N.raw and the objects. Prints a JSON list with a line a segment: how many voxels and mL were expected and how many of
the voxels are there, how many are there that should not be, the largest distance in mm of a voxel from where it belongs, and how far
the farthest wrong voxel is from a right one of the other kind, in voxels.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy as np


def expected(case):
    with open(f"{case}/case.json") as file:
        about = json.load(file)
    size = about["size"]
    affine = np.vstack([np.reshape(about["affine"], (3, 4)), [0, 0, 0, 1]])
    masks = [
        np.fromfile(f"{case}/segment-{n + 1}.raw", np.uint8).reshape(size[::-1]).transpose(2, 1, 0)
        for n in range(len(about["labels"]))
    ]
    return affine, masks, about["labels"]


def onto(shape, affine, indices, theirs):
    """Voxels of the case at these indices of an array whose own affine is theirs; and the largest distance from one."""
    mask = np.zeros(shape, np.uint8)
    if len(indices) == 0:
        return mask, 0.0
    world = theirs @ np.vstack([np.transpose(indices), np.ones(len(indices))])
    index = np.linalg.inv(affine) @ world
    whole = np.rint(index[:3]).astype(int)
    back = affine @ np.vstack([whole, np.ones(whole.shape[1])])
    distance = np.linalg.norm((back - world)[:3], axis=0).max()
    mask[tuple(whole)] = 1
    return mask, float(distance)


def with_pydicom(case):
    import pydicom

    affine, masks, _ = expected(case)
    ds = pydicom.dcmread(f"{case}/seg.dcm")
    frames = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
    shared = ds.SharedFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    row_spacing, column_spacing = (float(value) for value in measures.PixelSpacing)
    read = [(np.zeros_like(mask), 0.0) for mask in masks]
    for frame, groups in zip(frames, ds.PerFrameFunctionalGroupsSequence):
        segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        theirs = np.eye(4)
        theirs[:3, 0] = orientation[:3] * column_spacing
        theirs[:3, 1] = orientation[3:] * row_spacing
        theirs[:3, 3] = position
        rows, columns = np.nonzero(frame)
        indices = np.stack([columns, rows, np.zeros_like(rows)], axis=1)
        mask, distance = onto(masks[segment].shape, affine, indices, theirs)
        before, farthest = read[segment]
        read[segment] = (before | mask, max(farthest, distance))
    return read


def with_highdicom(case):
    import highdicom

    affine, masks, _ = expected(case)
    segmentation = highdicom.seg.segread(f"{case}/seg.dcm")
    volume = segmentation.get_volume(combine_segments=False)
    return [
        onto(mask.shape, affine, np.argwhere(volume.array[..., n]), volume.affine) for n, mask in enumerate(masks)
    ]


def read_nrrd(path):
    with open(path, "rb") as file:
        data = file.read()
    head, body = data.split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    types = {"short": "<i2", "unsigned char": "u1", "unsigned short": "<u2", "int": "<i4"}
    raw = gzip.decompress(body) if fields["encoding"] == "gzip" else body
    values = np.frombuffer(raw, types[fields["type"]])
    sizes = [int(size) for size in fields["sizes"].split()]
    vector = lambda text: [float(part) for part in text.strip("()").split(",")]
    theirs = np.eye(4)
    for axis, direction in enumerate(fields["space directions"].split(" ")):
        theirs[:3, axis] = vector(direction)
    theirs[:3, 3] = vector(fields["space origin"])
    return values.reshape(sizes[::-1]).transpose(2, 1, 0), theirs


def with_dcmqi(case):
    import dcmqi

    affine, masks, _ = expected(case)
    program = os.path.join(os.path.dirname(dcmqi.__file__), "bin", "segimage2itkimage")
    with tempfile.TemporaryDirectory() as out:
        command = [program, "--inputDICOM", f"{case}/seg.dcm", "--outputDirectory", out, "--outputType", "nrrd"]
        subprocess.run(command, check=True, capture_output=True)
        read = []
        for n, mask in enumerate(masks):
            values, theirs = read_nrrd(f"{out}/{n + 1}.nrrd")
            read.append(onto(mask.shape, affine, np.argwhere(values), theirs))
        return read


def with_plastimatch(case):
    affine, masks, labels = expected(case)
    with tempfile.TemporaryDirectory() as out:
        command = ["plastimatch", "convert", "--input", f"{case}/rtstruct.dcm", "--referenced-ct", f"{case}/images"]
        command += ["--output-prefix", out, "--prefix-format", "nrrd"]
        subprocess.run(command, check=True, capture_output=True)
        read = []
        for label, mask in zip(labels, masks):
            path = f"{out}/{label}.nrrd"
            if not os.path.exists(path):
                path = f"{out}/{label.replace(' ', '_')}.nrrd"
            # A structure without contours gets no image.
            if not os.path.exists(path) and not mask.any():
                read.append((np.zeros_like(mask), 0.0))
                continue
            values, theirs = read_nrrd(path)
            read.append(onto(mask.shape, affine, np.argwhere(values), theirs))
        return read


def farthest(wrong, right):
    """Largest distance in voxels, along any axis, of a wrong voxel from the nearest of the right ones."""
    if not wrong.any():
        return 0
    if not right.any():
        return None
    there = np.argwhere(right)
    return int(max(np.abs(there - voxel).max(axis=1).min() for voxel in np.argwhere(wrong)))


def judge(case, reader):
    affine, masks, labels = expected(case)
    voxel_ml = abs(np.linalg.det(affine)) / 1000
    lines = []
    for label, mask, (read, distance) in zip(labels, masks, reader(case)):
        more, less = read & ~mask & 1, mask & ~read & 1
        lines.append(
            {
                "case": os.path.basename(case),
                "segment": label,
                "expected": int(mask.sum()),
                "expectedMl": float(mask.sum() * voxel_ml),
                "found": int((read & mask).sum()),
                "wrong": int(more.sum()),
                "distanceMm": distance,
                "farthest": max(farthest(more, mask) or 0, farthest(less, read) or 0),
            }
        )
    return lines


READERS = {
    "pydicom": with_pydicom,
    "highdicom": with_highdicom,
    "dcmqi": with_dcmqi,
    "plastimatch": with_plastimatch,
}

name, *cases = sys.argv[1:]
print(json.dumps([line for case in cases for line in judge(case, READERS[name])]))

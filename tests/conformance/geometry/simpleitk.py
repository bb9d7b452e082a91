"""Reads series with SimpleITK.

python simpleitk.py JOBS.json: a list of {"files": [...], "geometry": PATH, "voxels": PATH}. The files of a series are read in
order of their positions along the normal; where the voxels lie goes to `geometry` as JSON (LPS, full precision), the voxels
to `voxels` as NIfTI. A series that SimpleITK does not read leaves no files.
"""

import json
import sys

import numpy as np
import SimpleITK as sitk


def numbers(file, tag):
    reader = sitk.ImageFileReader()
    reader.SetFileName(file)
    reader.ReadImageInformation()
    return [float(part) for part in reader.GetMetaData(tag).split("\\")]


def read(files):
    if len(files) == 1:
        return sitk.ReadImage(files[0])
    cosines = numbers(files[0], "0020|0037")
    normal = np.cross(cosines[:3], cosines[3:])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(sorted(files, key=lambda file: float(np.dot(numbers(file, "0020|0032"), normal))))
    return reader.Execute()


for job in json.load(open(sys.argv[1])):
    try:
        image = read(job["files"])
    except RuntimeError as error:
        print(error, file=sys.stderr)
        continue
    sitk.WriteImage(image, job["voxels"])
    geometry = {
        "size": image.GetSize(),
        "spacing": image.GetSpacing(),
        "origin": image.GetOrigin(),
        "direction": image.GetDirection(),
    }
    with open(job["geometry"], "w") as out:
        json.dump(geometry, out)

/**
 * Window/level, zoom and pan of the radiographs. Lays a canvas with the 16-bit grey values under the boxes, in place of
 * the PNG; when that cannot be had, the page stays as it was. Publishes `data-rendered` on the figure.
 */
import { placeLabels } from './labels.ts';
import { helpList, tool } from './viewport-tools.ts';
import {
  draggedWindow,
  lookupTable,
  openingWindow,
  pannedView,
  statedWindow,
  type View,
  type Window,
  zoomedView,
} from './window.ts';

for (const figure of document.querySelectorAll<HTMLElement>('.viewport')) {
  void open(figure).catch(() => {
    figure.dataset.rendered = 'png';
  });
}
document.addEventListener('overread:replaced', (event) => {
  if (!(event instanceof CustomEvent) || !(event.detail instanceof HTMLElement)) return;
  for (const figure of event.detail.querySelectorAll<HTMLElement>('.viewport')) void open(figure).catch(() => {});
});

async function open(figure: HTMLElement): Promise<void> {
  const svg = figure.querySelector('svg');
  if (svg === null) return;
  const number = (name: string) => Number(figure.dataset[name]);
  const [rows, columns] = [number('previewRows'), number('previewColumns')];
  const answer = await fetch(figure.dataset.gray16 ?? '', { headers: { 'Overread-Background': '1' } });
  if (!answer.ok) throw new Error(`The grey values cannot be had: ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength !== rows * columns * 2) throw new Error('The grey values do not have the size of the image.');
  const size = { rows, columns };
  new Viewport(figure, svg, new Uint16Array(bytes), size, {
    x: 0,
    y: 0,
    width: number('columns'),
    height: number('rows'),
  });
}

class Viewport {
  readonly #figure: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #values: Uint16Array;
  readonly #size: { readonly rows: number; readonly columns: number };
  /** The whole image in pixels of the stored image: the coordinates of the boxes. */
  readonly #image: View;
  readonly #opening: Window;
  readonly #canvas = document.createElement('canvas');
  readonly #windowed = document.createElement('canvas');
  readonly #output = document.createElement('output');
  readonly #help = helpList();
  #window: Window;
  #view: View;
  #whole: View;
  #inverted = false;
  #dirty = { window: true, view: true };
  #frame = 0;

  constructor(
    figure: HTMLElement,
    svg: SVGSVGElement,
    values: Uint16Array,
    size: { rows: number; columns: number },
    image: View,
  ) {
    this.#figure = figure;
    this.#svg = svg;
    this.#values = values;
    this.#size = size;
    this.#image = image;
    this.#opening = statedWindow(figure.dataset.window) ?? openingWindow(values);
    this.#window = this.#opening;
    this.#whole = this.#fit();
    this.#view = this.#whole;
    this.#windowed.width = size.columns;
    this.#windowed.height = size.rows;
    svg.querySelector('image')?.remove();
    svg.classList.add('over-canvas');
    figure.prepend(this.#canvas);
    figure.classList.add('is-live');
    figure.tabIndex = 0;
    figure.setAttribute(
      'aria-label',
      'Radiograph. Keys: plus and minus zoom, arrows move, shift and arrows change the window.',
    );
    figure.before(this.#tools());
    this.#listen();
    new ResizeObserver(() => this.#resized()).observe(figure);
  }

  /** The view that shows the whole image in a viewport of another shape: the image in the middle, black around it. */
  #fit(): View {
    const { width, height } = this.#image;
    const shape = this.#figure.clientWidth / Math.max(1, this.#figure.clientHeight);
    const fitted = { width: Math.max(width, height * shape), height: Math.max(height, width / shape) };
    return { x: (width - fitted.width) / 2, y: (height - fitted.height) / 2, ...fitted };
  }

  #resized(): void {
    const atWhole = this.#view.width >= this.#whole.width;
    this.#whole = this.#fit();
    const { x, y, width } = this.#view;
    const shape = this.#whole.height / this.#whole.width;
    const kept = pannedView(
      { x, y, width: Math.min(width, this.#whole.width), height: Math.min(width, this.#whole.width) * shape },
      this.#whole,
      0,
      0,
    );
    this.#view = atWhole ? this.#whole : kept;
    this.#draw({ window: this.#dirty.window, view: true });
  }

  #listen(): void {
    const figure = this.#figure;
    let drag: { x: number; y: number; pan: boolean } | undefined;
    figure.addEventListener('pointerdown', (event) => {
      drag = { x: event.clientX, y: event.clientY, pan: event.button !== 0 || event.shiftKey || event.ctrlKey };
      figure.setPointerCapture(event.pointerId);
    });
    figure.addEventListener('pointermove', (event) => {
      if (drag === undefined) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (drag.pan) this.#pan(-dx * this.#pixel(), -dy * this.#pixel());
      else this.#setWindow(draggedWindow(this.#window, this.#opening, dx, dy));
      drag = { ...drag, x: event.clientX, y: event.clientY };
    });
    for (const end of ['pointerup', 'pointercancel'] as const) figure.addEventListener(end, () => (drag = undefined));
    figure.addEventListener('contextmenu', (event) => event.preventDefault());
    figure.addEventListener('dblclick', () => this.#reset());
    figure.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const frame = figure.getBoundingClientRect();
        const at = {
          x: this.#view.x + ((event.clientX - frame.left) / frame.width) * this.#view.width,
          y: this.#view.y + ((event.clientY - frame.top) / frame.height) * this.#view.height,
        };
        this.#zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, at);
      },
      { passive: false },
    );
    figure.addEventListener('keydown', (event) => {
      if (this.#key(event)) event.preventDefault();
    });
  }

  /** @returns whether the key means something here */
  #key({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
    if (ctrlKey || metaKey || altKey) return false;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (arrow !== undefined) {
      const [dx = 0, dy = 0] = arrow;
      if (shiftKey) this.#setWindow(draggedWindow(this.#window, this.#opening, dx * 20, dy * 20));
      else this.#pan(dx * this.#view.width * 0.1, dy * this.#view.height * 0.1);
      return true;
    }
    if (key === '+' || key === '=') this.#zoom(1.25);
    else if (key === '-') this.#zoom(1 / 1.25);
    else if (key === '0') this.#reset();
    else if (key === 'i') this.#invert();
    else if (key === 'b') this.#toggleBoxes();
    else if (key === '?') this.#help.open = !this.#help.open;
    else return false;
    return true;
  }

  #tools(): HTMLElement {
    const bar = document.createElement('div');
    bar.className = 'viewport-tools';
    bar.append(
      tool('Zoom in', () => this.#zoom(1.25)),
      tool('Zoom out', () => this.#zoom(1 / 1.25)),
      tool('Invert', () => this.#invert(), 'invert'),
      ...(this.#svg.querySelector('.box') === null ? [] : [tool('Boxes', () => this.#toggleBoxes(), 'boxes')]),
      tool('Reset', () => this.#reset()),
      this.#help,
      this.#output,
    );
    this.#bar = bar;
    this.#press('boxes', true);
    this.#press('invert', false);
    return bar;
  }
  #bar: HTMLElement | undefined;

  #press(name: string, pressed: boolean): void {
    this.#bar?.querySelector(`[data-tool="${name}"]`)?.setAttribute('aria-pressed', String(pressed));
  }

  #invert(): void {
    this.#inverted = !this.#inverted;
    this.#press('invert', this.#inverted);
    this.#draw({ window: true, view: true });
  }

  #toggleBoxes(): void {
    const boxes = this.#svg.querySelector('.boxes');
    const shown = boxes?.toggleAttribute('hidden') === false;
    boxes?.setAttribute('visibility', shown ? 'visible' : 'hidden');
    this.#press('boxes', shown);
  }

  #reset(): void {
    this.#view = this.#whole;
    this.#inverted = false;
    this.#press('invert', false);
    this.#setWindow(this.#opening);
  }

  #setWindow(window: Window): void {
    this.#window = window;
    this.#draw({ window: true, view: true });
  }

  #zoom(
    factor: number,
    at = { x: this.#view.x + this.#view.width / 2, y: this.#view.y + this.#view.height / 2 },
  ): void {
    this.#view = zoomedView(this.#view, this.#whole, factor, at);
    this.#draw({ window: false, view: true });
  }

  #pan(dx: number, dy: number): void {
    this.#view = pannedView(this.#view, this.#whole, dx, dy);
    this.#draw({ window: false, view: true });
  }

  /** Pixels of the stored image that one pixel of the screen shows. */
  #pixel(): number {
    return this.#view.width / Math.max(1, this.#figure.clientWidth);
  }

  #draw(dirty: { window: boolean; view: boolean }): void {
    this.#dirty = { window: this.#dirty.window || dirty.window, view: this.#dirty.view || dirty.view };
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#dirty.window) this.#applyWindow();
      this.#applyView();
      this.#dirty = { window: false, view: false };
      this.#figure.dataset.rendered = 'gray16';
    });
  }

  #applyWindow(): void {
    const context = this.#windowed.getContext('2d');
    if (context === null) return;
    const table = lookupTable(this.#window, this.#inverted);
    const picture = context.createImageData(this.#size.columns, this.#size.rows);
    const pixels = new Uint32Array(picture.data.buffer);
    const values = this.#values;
    for (let index = 0; index < pixels.length; index += 1) {
      pixels[index] = 0xff000000 | ((table[values[index] ?? 0] ?? 0) * 0x010101);
    }
    context.putImageData(picture, 0, 0);
    const { centre, width } = this.#window;
    this.#output.textContent = `Window ${Math.round(width)}, level ${Math.round(centre)}`;
  }

  #applyView(): void {
    const { x, y, width, height } = this.#view;
    const scale = window.devicePixelRatio;
    this.#canvas.width = Math.round(this.#figure.clientWidth * scale);
    this.#canvas.height = Math.round(this.#figure.clientHeight * scale);
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    const [sx, sy] = [this.#canvas.width / width, this.#canvas.height / height];
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#windowed, -x * sx, -y * sy, this.#image.width * sx, this.#image.height * sy);
    this.#svg.setAttribute('viewBox', `${x} ${y} ${width} ${height}`);
    this.#sizeLabels();
  }

  /** Keeps the labels at one size on the screen, however far in, and apart from each other. */
  #sizeLabels(): void {
    const size = 15 * this.#pixel();
    const boxes = [...this.#svg.querySelectorAll<SVGGElement>('.box')];
    const texts = boxes.map((box) => box.querySelector('text'));
    const edges = boxes.map((box) => edgesOf(box.querySelector('rect')));
    const words = texts.map((text) => text?.textContent ?? '');
    for (const [index, { x, y }] of placeLabels(this.#view, edges, words, size).entries()) {
      const text = texts[index];
      text?.setAttribute('font-size', String(size));
      text?.setAttribute('x', String(x));
      text?.setAttribute('y', String(y));
    }
  }
}

function edgesOf(rect: SVGRectElement | null): [number, number, number, number] {
  const [x = 0, y = 0, width = 0, height = 0] = ['x', 'y', 'width', 'height'].map((name) =>
    Number(rect?.getAttribute(name)),
  );
  return [x, y, x + width, y + height];
}

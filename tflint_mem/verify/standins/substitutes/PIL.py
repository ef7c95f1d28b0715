"""Pillow: a picture is an array with a size and a mode; files that cannot be read are noise."""

import builtins

import numpy as np

_SIZE = _data("PIL").shape if _data("PIL").ndim == 3 else (64, 64, 3)


class Image:
    """Both the module `PIL.Image` and its class."""

    NEAREST, LANCZOS, ANTIALIAS, BILINEAR, BICUBIC, BOX, HAMMING = 0, 1, 1, 2, 3, 4, 5
    FLIP_LEFT_RIGHT, FLIP_TOP_BOTTOM = 0, 1
    format = "PNG"

    def __init__(self, pixels=None):
        self.pixels = np.asarray(np.zeros(_SIZE, "uint8") if pixels is None else pixels)
        if self.pixels.dtype != np.uint8:
            self.pixels = self.pixels.astype("uint8")
        self.info = {}

    @property
    def size(self):
        return self.pixels.shape[1], self.pixels.shape[0]

    width = property(lambda self: self.size[0])
    height = property(lambda self: self.size[1])

    @property
    def mode(self):
        return "L" if self.pixels.ndim == 2 else {1: "L", 3: "RGB", 4: "RGBA"}.get(self.pixels.shape[-1], "RGB")

    def __array__(self, dtype=None, copy=None):
        return np.array(self.pixels, dtype=dtype)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        pass

    def convert(self, mode="RGB", *arguments, **options):
        if mode in ("L", "1"):
            return Image(self.pixels.mean(-1) if self.pixels.ndim == 3 else self.pixels)
        picture = self.pixels if self.pixels.ndim == 3 else np.repeat(self.pixels[..., None], 3, -1)
        wanted = 4 if mode == "RGBA" else 3
        return Image(
            np.concatenate([picture, picture[..., :1]], -1)[..., :wanted]
            if picture.shape[-1] < wanted
            else picture[..., :wanted]
        )

    def resize(self, size, *arguments, **options):
        width, height = int(size[0]), int(size[1])
        rows = np.arange(height) * self.pixels.shape[0] // max(height, 1)
        columns = np.arange(width) * self.pixels.shape[1] // max(width, 1)
        return Image(self.pixels[rows][:, columns])

    def thumbnail(self, size, *arguments, **options):
        self.pixels = self.resize((min(size[0], self.width), min(size[1], self.height))).pixels

    def crop(self, box=None):
        left, top, right, bottom = [max(0, int(side)) for side in box or (0, 0) + self.size]
        found = self.pixels[top:bottom, left:right]
        return Image(found) if found.size else Image(self.pixels[:1, :1])

    def copy(self):
        return Image(self.pixels.copy())

    def _same(self, *arguments, **options):
        return self.copy()

    rotate = transpose = filter = point = quantize = transform = enhance = _same

    def split(self):
        return tuple(Image(self.pixels[..., number]) for number in range(self.pixels.shape[-1]))

    def getpixel(self, place):
        return tuple(int(value) for value in np.atleast_1d(self.pixels[int(place[1]), int(place[0])]))

    def getdata(self, *arguments):
        return self.pixels.reshape(-1, *self.pixels.shape[2:])

    def tobytes(self, *arguments):
        return self.pixels.tobytes()

    def save(self, target, *arguments, **options):
        import tensorflow as tf

        picture = self.pixels if self.pixels.ndim == 3 else self.pixels[..., None]
        content = tf.io.encode_png(picture).numpy()
        if hasattr(target, "write"):
            target.write(content)
        else:
            with builtins.open(target, "wb") as file:
                file.write(content)

    def _nothing(self, *arguments, **options):
        return None

    show = paste = putpixel = load = verify = close = seek = putdata = _nothing

    @staticmethod
    def open(file, *arguments, **options):
        import tensorflow as tf

        try:
            content = file.read() if hasattr(file, "read") else builtins.open(file, "rb").read()
            return Image(tf.io.decode_image(content, 3, expand_animations=False).numpy())
        except Exception:
            return Image(np.random.randint(0, 255, _SIZE))

    @staticmethod
    def fromarray(pixels, *arguments, **options):
        return Image(pixels)

    @staticmethod
    def new(mode, size, *arguments, **options):
        return Image(np.zeros((int(size[1]), int(size[0])) + (() if mode in ("L", "1") else (len(mode),)), "uint8"))


Image.Image, Image.Resampling = Image, Image
Resampling, fromarray, new, NEAREST, LANCZOS, ANTIALIAS, BILINEAR, BICUBIC = (
    Image,
    Image.fromarray,
    Image.new,
    0,
    1,
    1,
    2,
    3,
)
open = Image.open


class ImageOps:
    """`PIL.ImageOps`."""

    @staticmethod
    def fit(picture, size, *arguments, **options):
        return picture.resize(size)

    pad = contain = fit

    @staticmethod
    def exif_transpose(picture, *arguments, **options):
        return picture

    grayscale = staticmethod(lambda picture: picture.convert("L"))
    invert = mirror = flip = autocontrast = equalize = exif_transpose

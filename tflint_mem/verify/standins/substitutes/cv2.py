"""OpenCV: pictures are arrays, cameras and files show noise, windows show nothing."""

import os

import numpy as np

_SIZE = _data("cv2").shape if _data("cv2").ndim == 3 else (64, 64, 3)
CAP_PROP_POS_FRAMES, CAP_PROP_FRAME_WIDTH, CAP_PROP_FRAME_HEIGHT, CAP_PROP_FPS, CAP_PROP_FRAME_COUNT = 1, 3, 4, 5, 7
IMREAD_UNCHANGED, IMREAD_GRAYSCALE, IMREAD_COLOR = -1, 0, 1
INTER_NEAREST, INTER_LINEAR, INTER_CUBIC, INTER_AREA, INTER_LANCZOS4 = range(5)
COLOR_BGR2RGB = COLOR_RGB2BGR = 4
COLOR_BGR2GRAY, COLOR_RGB2GRAY, COLOR_GRAY2BGR, COLOR_GRAY2RGB = 6, 7, 8, 8
FONT_HERSHEY_SIMPLEX, FONT_HERSHEY_PLAIN, FONT_HERSHEY_DUPLEX, FONT_HERSHEY_COMPLEX, LINE_AA, FILLED = (
    0,
    1,
    2,
    3,
    16,
    -1,
)
BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT = 0, 1, 2
THRESH_BINARY, THRESH_BINARY_INV, THRESH_OTSU = 0, 1, 8


class error(Exception):
    """`cv2.error`."""


class VideoCapture:
    """A camera that never ends."""

    def __init__(self, *arguments):
        self.frame = _noise()

    def isOpened(self):
        return True

    def read(self, *arguments):
        return True, self.frame.copy()

    retrieve = read

    def grab(self):
        return True

    def get(self, number):
        return {3: self.frame.shape[1], 4: self.frame.shape[0], 5: 25.0, 7: 1000.0}.get(number, 0.0)

    def set(self, *arguments):
        return True

    def open(self, *arguments):
        return True

    def release(self):
        pass


class VideoWriter:
    """Takes frames and drops them."""

    fourcc = staticmethod(lambda *letters: 0)

    def __init__(self, *arguments, **options):
        pass

    def isOpened(self):
        return True

    def write(self, frame):
        pass

    def release(self):
        pass


class CascadeClassifier:
    """Finds one thing, in the middle."""

    def __init__(self, *arguments):
        pass

    def empty(self):
        return False

    def load(self, *arguments):
        return True

    def detectMultiScale(self, picture, *arguments, **options):
        height, width = picture.shape[:2]
        return np.array([[width // 4, height // 4, width // 2, height // 2]])


class data:
    """Where the cascades are."""

    haarcascades = ""


def _noise(gray=False):
    return np.random.randint(0, 255, _SIZE[:2] if gray else _SIZE).astype("uint8")


def imread(path, flags=1):
    if os.path.exists(path):
        import tensorflow as tf

        try:
            found = tf.io.decode_image(open(path, "rb").read(), 3, expand_animations=False).numpy()[..., ::-1]
            return found.mean(-1).astype("uint8") if flags == 0 else found.copy()
        except Exception:
            pass
    return _noise(flags == 0)


def imdecode(buffer, flags=1):
    return _noise(flags == 0)


def imencode(kind, picture, *arguments):
    return True, np.asarray(picture, "uint8").reshape(-1, 1)


def imwrite(path, picture, *arguments):
    return True


def resize(picture, dsize=None, dst=None, fx=0, fy=0, interpolation=1):
    picture = np.asarray(picture)
    height, width = picture.shape[:2]
    new_width, new_height = (
        dsize if dsize is not None and len(dsize) and dsize[0] else (int(width * fx), int(height * fy))
    )
    rows = (np.arange(int(new_height)) * max(height, 1) // max(int(new_height), 1)).astype(int)
    columns = (np.arange(int(new_width)) * max(width, 1) // max(int(new_width), 1)).astype(int)
    if not height or not width:
        return np.zeros((int(new_height), int(new_width)) + picture.shape[2:], picture.dtype)
    return picture[rows][:, columns]


def cvtColor(picture, code, *arguments):
    picture = np.asarray(picture)
    if code in (COLOR_BGR2GRAY, COLOR_RGB2GRAY):
        return picture.mean(-1).astype(picture.dtype) if picture.ndim == 3 else picture
    if code == COLOR_GRAY2RGB:
        return np.repeat(picture.reshape(picture.shape[:2] + (1,)), 3, -1)
    return picture[..., ::-1].copy() if code == COLOR_BGR2RGB else picture.copy()


def _same(picture, *arguments, **options):
    return np.asarray(picture).copy()


GaussianBlur = medianBlur = blur = bilateralFilter = filter2D = equalizeHist = dilate = erode = morphologyEx = Canny = (
    _same
)
Sobel = Laplacian = normalize = bitwise_not = bitwise_and = bitwise_or = add = subtract = absdiff = (
    fastNlMeansDenoisingColored
) = _same
convertScaleAbs = applyColorMap = adaptiveThreshold = inRange = undistort = _same


def flip(picture, code=1):
    return np.asarray(picture)[:, ::-1].copy()


def threshold(picture, *arguments, **options):
    return 127.0, np.asarray(picture).copy()


def warpAffine(picture, matrix, dsize, *arguments, **options):
    return resize(picture, dsize)


warpPerspective = warpAffine


def copyMakeBorder(picture, top, bottom, left, right, *arguments, **options):
    return np.pad(np.asarray(picture), [(top, bottom), (left, right)] + [(0, 0)] * (np.ndim(picture) - 2))


def addWeighted(first, alpha, second, beta, gamma, *arguments):
    return (np.asarray(first) * alpha + np.asarray(second) * beta + gamma).astype(np.asarray(first).dtype)


def split(picture):
    return [picture[..., number] for number in range(picture.shape[-1])]


def merge(channels):
    return np.stack(channels, -1)


def getTextSize(*arguments, **options):
    return (40, 10), 2


def findContours(*arguments, **options):
    return [np.array([[[8, 8]], [[8, 40]], [[40, 40]], [[40, 8]]])], np.zeros((1, 1, 4))


def boundingRect(points):
    return 8, 8, 32, 32


def contourArea(*arguments):
    return 1024.0


def selectROI(*arguments, **options):
    return 8, 8, 32, 32


def _drawn(picture, *arguments, **options):
    return picture


rectangle = putText = circle = line = polylines = ellipse = drawContours = fillPoly = arrowedLine = _drawn


def _nothing(*arguments, **options):
    return None


imshow = namedWindow = destroyAllWindows = destroyWindow = moveWindow = resizeWindow = setMouseCallback = (
    createTrackbar
) = _nothing


def waitKey(*arguments):
    return -1


def getTickCount():
    return 0


def getTickFrequency():
    return 1.0


def VideoWriter_fourcc(*letters):
    return 0

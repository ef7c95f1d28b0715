"""Stand-ins for modules that are not installed.

Three kinds: a substitute that computes what the real one would, in small (`substitutes/`); environments; and for every
other module one whose names take anything and whose calls return random numbers.  A module that belongs to TensorFlow
or that holds models of its own has none: what is measured must be real.
"""

from __future__ import annotations

import re

from .action import Action
from .classes import ENVIRONMENT, REQUEST
from .guess import value_for
from .hints import observation_shape, speaks_new
from .noted import literal
from .substitute import source_of, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hints import Shape
    from .values import Value

# what is measured lies in these: nothing may take their place
_MEASURED = re.compile(
    r"tensorflow(?!_hub$|_datasets$)|(tf|keras)([_-]?|$)(?!idf)|^(transformers|sonnet|trax|efficientnet|"
    r"segmentation_models|classification_models|official|object_detection|slim|nets|bert|mrcnn|tflite_runtime|tfx\w*|tfp|"
    r"larq|spektral|gpflow|autokeras|kerastuner|keras_?tuner|t2t|tensor2tensor|deepface|retinaface|mtcnn|stardist|csbdeep|"
    r"gpt_2_simple|google_research|ai_edge_litert)$",
    re.IGNORECASE,
)
# they compute or serve without TensorFlow: their `fit` and `predict` are no models of ours
_FOREIGN = frozenset(
    """
sklearn pandas numpy scipy xgboost lightgbm catboost statsmodels cv2 PIL skimage imageio librosa soundfile
nltk spacy gensim cupy torch torchvision joblib numba sympy networkx shap lime imblearn prophet pmdarima
hmmlearn umap hdbscan optuna hyperopt ray mlxtend polars dask dlib face_recognition imutils albumentations
imgaug pydicom SimpleITK nibabel rasterio shapely geopandas
""".split()
)
# they serve requests, draw, log or talk to others: what they do has no part in memory per repeat
_SERVING = frozenset(
    """
flask flask_cors flask_restful flask_restx flask_socketio flask_ngrok flasgger werkzeug fastapi starlette
uvicorn pydantic django rest_framework celery tornado aiohttp sanic bottle quart gunicorn gevent eventlet
socketio streamlit gradio dash plotly matplotlib seaborn pylab bokeh altair wandb mlflow comet_ml neptune
tensorboardX tqdm colorama termcolor dotenv loguru rich boto3 botocore redis pika kafka pymongo psycopg2
sqlalchemy MySQLdb pymysql telegram discord slack_sdk twilio requests IPython ipywidgets google azure serial
RPi pyttsx3 gtts winsound pyautogui playsound pygame tkinter PyQt5 PySide2 kivy prettytable tabulate
prometheus_client sentry_sdk structlog coloredlogs jwt ray_serve bentoml cog runpod functions_framework
""".split()
)
_WITH_SOURCE = {
    "cv2": "pictures are arrays, cameras show noise",
    "PIL": "pictures of noise",
    "pandas": "small tables",
    "sklearn": "splits, scales and encodes; its estimators learn nothing",
    "tensorboard": "domains of hyperparameters are plain values, nothing is shown",
    "tensorflow_hub": "its layers and models are small dense ones",
    "tensorflow_datasets": "data sets of 64 random pictures",
    "transformers": "tokenizers that give numbers; its models have none",
}
# of these only a part has a stand-in: the rest, and what its models would do, is what is measured
_IN_PART = frozenset(("transformers",))


def can_stand_in(name: str) -> bool:
    """May a stand-in take the place of a module of this name?"""
    return name in _WITH_SOURCE or not _MEASURED.match(name)


def stand_in(name: str, shape: Shape, text: str) -> list[Action]:
    """Actions for a missing module (its top name), or [] when it is part of what is measured.

    shape: what the code around it works with; text: the snippet, for the names that it takes from the module.
    """
    if not can_stand_in(name):
        return []
    options = ["shape=%r" % (tuple(shape),)]
    what = "takes every call and returns random numbers of shape %r" % (tuple(shape),)
    if name in ("gym", "gymnasium"):
        shape = observation_shape(text)
        options = ["shape=%r" % (tuple(shape),), "source=%s" % literal(environment_source(shape, text))]
        what = "environments with random observations of shape %r" % (tuple(shape),)
    elif name in _WITH_SOURCE:
        options.append("source=%s" % literal(source_of(name)))
        what = _WITH_SOURCE[name]
    constants = _constants(name, text, shape)
    if constants:
        items = constants.items()
        options.append("constants={%s}" % ", ".join("%r: %s" % (key, value.source) for key, value in items))
        what += "; " + ", ".join("%s = %s" % (key, value.text) for key, value in items)
    elif name in _SERVING:
        what = "what it decorates is called directly"
    if name in _FOREIGN or name in _WITH_SOURCE and name not in _IN_PART or name in ("gym", "gymnasium"):
        options.append("guarded=False")
    if name in _IN_PART:
        options.append("in_part=True")
    imports = "".join(dict.fromkeys(value.imports for value in constants.values()))
    code = "%simport sys\nsys.modules['_anything'].install(%r, %s)\n" % (imports, name, ", ".join(options))
    if name in _SERVING and re.search(r"\brequest\b", text):
        code += "%ssys.modules['_anything'].REQUEST = _Request(%r)\n" % (REQUEST, tuple(shape))
    return [substitute("anything", ""), Action(code, "module %s: a stand-in (it is not installed): %s" % (name, what))]


def pillow_for_keras() -> Action:
    """Hands the stand-in for Pillow to Keras, which has looked for the real one already."""
    return Action(
        "import sys\nimport PIL.Image\nfor _module in list(sys.modules.values()):\n"
        "    if getattr(_module, '__name__', '').endswith('image_utils') and "
        "getattr(_module, 'pil_image', 0) is None:\n"
        "        _module.pil_image = PIL.Image\n"
        "        _module.PIL_INTERPOLATION_METHODS = "
        "dict.fromkeys(('nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'), 1)\n",
        "",
    )


def environment_source(shape: Shape, text: str) -> str:
    """Source of `gym` for environments of a shape, in the protocol (old or new) that the text speaks."""
    return ENVIRONMENT + _GYM % {"shape": tuple(shape), "new": speaks_new(text)}


_GYM = '''\
def make(*arguments, **options):
    return _Environment(%(shape)r, %(new)r)
class Env:
    """`gym.Env`."""
    def __init__(self, *arguments, **options): pass
    def seed(self, *arguments): pass
class Wrapper(Env):
    """All wrappers."""
    def __init__(self, env, *arguments, **options): self.env = self.unwrapped = env
    def __getattr__(self, name):
        if name == "env": raise AttributeError(name)
        return getattr(self.env, name)
    def reset(self, **options): return self.env.reset(**options)
    def step(self, action): return self.env.step(action)
ObservationWrapper = ActionWrapper = RewardWrapper = Wrapper
'''


def _constants(name: str, text: str, shape: Shape) -> dict[str, Value]:
    """The constants that the text takes from the module, with values judged by what they are called."""
    found: set[str] = set()
    word = re.escape(name)
    for match in re.finditer(r"from\s+%s(?:\.\w+)*\s+import\s+(\([^)]*\)|[^\n]*)" % word, text):
        found.update(re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", match.group(1)))
    for match in re.finditer(r"import\s+%s(?:\.\w+)*(?:\s+as\s+(\w+))?" % word, text):
        alias = match.group(1) or name
        found.update(re.findall(r"(?<![\w.])%s\.([A-Z][A-Z0-9_]{2,})\b(?!\()" % re.escape(alias), text))
    if name in _WITH_SOURCE or name in _FOREIGN:
        return {}
    values = {key: value_for(key, "", shape, depth=1) for key in sorted(found)}
    return {key: value for key, value in values.items() if value is not None}

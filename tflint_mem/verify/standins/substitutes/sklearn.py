"""scikit-learn: splitting, scaling, encoding and scores for real; estimators learn nothing and say zero."""

import numpy as np


def _taken(values, places):
    if hasattr(values, "iloc"):
        return values.iloc[places]
    if isinstance(values, np.ndarray):
        return values[places]
    return [values[place] for place in places]


def train_test_split(*arrays, test_size=None, train_size=None, **options):
    count = len(arrays[0])
    share = test_size if test_size is not None else 1 - train_size if isinstance(train_size, float) else 0.25
    held = int(share) if share >= 1 else int(np.ceil(count * share))
    held = min(max(held, 1), max(count - 1, 1))
    first, second = np.arange(count - held), np.arange(count - held, count)
    found = []
    for array in arrays:
        found += [_taken(array, first), _taken(array, second)]
    return found


def shuffle(*arrays, **options):
    return arrays if len(arrays) > 1 else arrays[0]


class KFold:
    """All splitters."""

    def __init__(self, n_splits=5, *arguments, **options):
        self.n_splits = n_splits if isinstance(n_splits, int) else 5

    def get_n_splits(self, *arguments, **options):
        return self.n_splits

    def split(self, values, *arguments, **options):
        count = len(values)
        parts = np.array_split(np.arange(count), self.n_splits)
        for part in parts:
            yield np.setdiff1d(np.arange(count), part), part


StratifiedKFold = GroupKFold = RepeatedKFold = RepeatedStratifiedKFold = ShuffleSplit = StratifiedShuffleSplit = (
    TimeSeriesSplit
) = KFold


class BaseEstimator:
    """All estimators and transformers."""

    def __init__(self, *arguments, **options):
        self.__dict__.update(options)

    def get_params(self, *arguments, **options):
        return dict(self.__dict__)

    def set_params(self, **options):
        self.__dict__.update(options)
        return self

    def fit(self, values=None, *arguments, **options):
        return self

    partial_fit = fit

    def transform(self, values, *arguments, **options):
        return values

    inverse_transform = transform

    def fit_transform(self, values, *arguments, **options):
        return self.fit(values, *arguments, **options).transform(values)

    def predict(self, values, *arguments, **options):
        return np.zeros(len(values), int)

    fit_predict = predict

    def predict_proba(self, values, *arguments, **options):
        return np.full((len(values), 2), 0.5)

    def score(self, *arguments, **options):
        return 0.5


class ClassifierMixin:
    """`sklearn.base.ClassifierMixin` and its like."""


RegressorMixin = TransformerMixin = ClusterMixin = ClassifierMixin


class StandardScaler(BaseEstimator):
    """Mean 0, deviation 1; the other scalers do the same."""

    def fit(self, values, *arguments, **options):
        table = np.asarray(values, float)
        self.mean_, self.scale_ = table.mean(0), table.std(0) + 1e-9
        self.data_min_ = self.min_ = table.min(0)
        return self

    def transform(self, values, *arguments, **options):
        return (np.asarray(values, float) - self.mean_) / self.scale_

    def inverse_transform(self, values, *arguments, **options):
        return np.asarray(values, float) * self.scale_ + self.mean_


MinMaxScaler = RobustScaler = MaxAbsScaler = StandardScaler


class Normalizer(BaseEstimator):
    """Rows of length 1."""

    def transform(self, values, *arguments, **options):
        table = np.asarray(values, float)
        return table / (np.linalg.norm(table, axis=-1, keepdims=True) + 1e-9)


def normalize(values, *arguments, **options):
    return Normalizer().transform(values)


def scale(values, *arguments, **options):
    return StandardScaler().fit_transform(values)


class LabelEncoder(BaseEstimator):
    """Numbers for names."""

    def fit(self, values, *arguments, **options):
        self.classes_ = np.array(sorted(set(np.asarray(values).reshape(-1).tolist())))
        return self

    def transform(self, values, *arguments, **options):
        names = self.classes_.tolist()
        return np.array(
            [names.index(value) if value in names else 0 for value in np.asarray(values).reshape(-1).tolist()]
        )

    def inverse_transform(self, values, *arguments, **options):
        return self.classes_[np.asarray(values, int)]


OrdinalEncoder = LabelEncoder


class LabelBinarizer(LabelEncoder):
    """One column for each name."""

    def transform(self, values, *arguments, **options):
        return np.eye(len(self.classes_), dtype=int)[LabelEncoder.transform(self, values)]

    def inverse_transform(self, values, *arguments, **options):
        return self.classes_[np.argmax(np.asarray(values), -1)]


OneHotEncoder = LabelBinarizer


class MultiLabelBinarizer(BaseEstimator):
    """One column for each name, several at once."""

    def fit(self, values, *arguments, **options):
        self.classes_ = np.array(sorted({name for row in values for name in row}))
        return self

    def transform(self, values, *arguments, **options):
        names = self.classes_.tolist()
        return np.array([[int(name in row) for name in names] for row in values])


class PCA(BaseEstimator):
    """The first columns; the other projections do the same."""

    def __init__(self, n_components=2, *arguments, **options):
        self.n_components = n_components

    def transform(self, values, *arguments, **options):
        table = np.asarray(values, float).reshape(len(values), -1)
        return table[:, : self.n_components if isinstance(self.n_components, int) else None]


TruncatedSVD = TSNE = KernelPCA = FastICA = PCA


def _score(*arguments, **options):
    return 0.5


accuracy_score = f1_score = precision_score = recall_score = roc_auc_score = r2_score = balanced_accuracy_score = _score
cohen_kappa_score = matthews_corrcoef = average_precision_score = log_loss = auc = mean_absolute_percentage_error = (
    _score
)


def mean_squared_error(first, second, *arguments, **options):
    return float(np.mean((np.asarray(first, float) - np.asarray(second, float)) ** 2))


def mean_absolute_error(first, second, *arguments, **options):
    return float(np.mean(np.abs(np.asarray(first, float) - np.asarray(second, float))))


def confusion_matrix(first, second=None, *arguments, **options):
    return np.eye(max(2, len(set(np.asarray(first).reshape(-1).tolist()))), dtype=int)


def classification_report(*arguments, **options):
    return {} if options.get("output_dict") else ""


def roc_curve(*arguments, **options):
    return np.linspace(0, 1, 4), np.linspace(0, 1, 4), np.linspace(1, 0, 4)


precision_recall_curve = roc_curve


def compute_class_weight(class_weight=None, classes=None, y=None, *arguments, **options):
    return np.ones(len(classes) if classes is not None else 2)


def cosine_similarity(first, second=None, *arguments, **options):
    first = Normalizer().transform(first)
    return first @ (first if second is None else Normalizer().transform(second)).T


def pairwise_distances(first, second=None, *arguments, **options):
    first, second = np.asarray(first, float), np.asarray(first if second is None else second, float)
    return np.linalg.norm(first[:, None] - second[None], axis=-1)


euclidean_distances = pairwise_distances


def make_classification(n_samples=100, n_features=20, *arguments, **options):
    return np.random.rand(n_samples, n_features), np.arange(n_samples) % 2


make_regression = make_moons = make_blobs = make_circles = make_classification


def cross_val_score(estimator, values, target=None, cv=5, *arguments, **options):
    splitter = cv if hasattr(cv, "split") else KFold(cv if isinstance(cv, int) else 5)
    scores = []
    for first, second in splitter.split(values):
        estimator.fit(_taken(values, first), _taken(target, first)) if target is not None else estimator.fit(
            _taken(values, first)
        )
        scores.append(estimator.score(_taken(values, second), _taken(target, second) if target is not None else None))
    return np.array(scores)


class ParameterGrid:
    """All combinations."""

    def __init__(self, grid):
        self.grid = grid

    def __iter__(self):
        import itertools

        for grid in self.grid if isinstance(self.grid, list) else [self.grid]:
            for values in itertools.product(*grid.values()):
                yield dict(zip(grid, values))

    def __len__(self):
        return len(list(iter(self)))

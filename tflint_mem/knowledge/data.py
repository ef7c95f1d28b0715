"""Data: datasets and their iterators, arrays, look-up tables, and writers of files.

`AREA` is the table.  To add what makes a dataset, add its canonical name to "dataset"; a method that gives another
dataset goes to the methods of "dataset" under "dataset", and rules take it for a transformation.
"""

from .area import Area

AREA = Area(
    makes={
        "dataset": (
            "tf.data.Dataset",
            "tf.data.Dataset.from_tensor_slices",
            "tf.data.Dataset.from_tensors",
            "tf.data.Dataset.from_generator",
            "tf.data.Dataset.range",
            "tf.data.Dataset.zip",
            "tf.data.Dataset.list_files",
            "tf.data.TFRecordDataset",
            "tf.data.TextLineDataset",
            "tf.data.experimental.make_csv_dataset",
            "keras.utils.image_dataset_from_directory",
            "keras.preprocessing.image_dataset_from_directory",
            "keras.utils.text_dataset_from_directory",
            "keras.utils.timeseries_dataset_from_array",
            "tensorflow_datasets.load",
            "tf.data.experimental.CsvDataset",
            "tf.data.Dataset.load",
            "tf.data.Dataset.random",
            "tf.data.Dataset.counter",
            "tf.data.experimental.Counter",
            "tf.data.experimental.RandomDataset",
        ),
        "iterator": ("tf.data.make_one_shot_iterator", "tf.data.make_initializable_iterator"),
        "ndarray": (
            "keras.utils.to_categorical",
            "keras.utils.img_to_array",
            "keras.preprocessing.image.img_to_array",
            "keras.utils.pad_sequences",
            "keras.preprocessing.sequence.pad_sequences",
        ),
        "table": (
            "tf.lookup.StaticHashTable",
            "tf.lookup.StaticVocabularyTable",
            "tf.lookup.DenseHashTable",
            "tf.lookup.experimental.MutableHashTable",
            "tf.contrib.lookup.index_table_from_tensor",
            "tf.contrib.lookup.index_table_from_file",
        ),
        "writer": (
            "tf.summary.FileWriter",
            "tf.summary.create_file_writer",
            "tf.io.TFRecordWriter",
            "tf.contrib.summary.create_file_writer",
        ),
    },
    methods={
        "dataset": {
            "dataset": (
                "map",
                "batch",
                "shuffle",
                "repeat",
                "prefetch",
                "take",
                "skip",
                "filter",
                "cache",
                "unbatch",
                "padded_batch",
                "interleave",
                "flat_map",
                "shard",
                "concatenate",
                "enumerate",
                "window",
                "with_options",
                "apply",
                "zip",
                "ragged_batch",
                "rebatch",
                "snapshot",
                "random",
                "scan",
            ),
            "iterator": (
                "make_one_shot_iterator",
                "make_initializable_iterator",
                "as_numpy_iterator",
                "__iter__",
            ),
        },
        "iterator": {"tensor": ("get_next", "next")},
        "table": {"tensor": ("lookup",)},
    },
    elements={"dataset": "tensor", "iterator": "tensor", "ndarray": "ndarray"},
    aliases={
        "tf.lookup.experimental.DenseHashTable": "tf.lookup.DenseHashTable",
        "tf.contrib.lookup.HashTable": "tf.lookup.StaticHashTable",
        "tf.train.SummaryWriter": "tf.summary.FileWriter",
        "tf.python_io.TFRecordWriter": "tf.io.TFRecordWriter",
    },
)

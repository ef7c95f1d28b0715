"""What is put in place of what is missing, judged by the exception and by names."""

import os

import pytest

from tflint_mem.verify.child.repairs.missing_files import missing_path
from tflint_mem.verify.child.repairs.propose import propose
from tflint_mem.verify.child.repairs.state import State
from tflint_mem.verify.standins import classes, guess, hints


def not_found(message, name="NotFoundError"):
    return type(name, (Exception,), {})(message)


# As TensorFlow 2.21, Keras 3, Keras 2 and h5py word it; paths are ours.
MISSING = [
    (FileNotFoundError(2, "No such file or directory", "data/x.npy"), "data/x.npy"),
    (
        ValueError(
            "File not found: filepath=models/m.keras. Please ensure the file is an accessible `.keras` zip file."
        ),
        "models/m.keras",
    ),
    (
        FileNotFoundError(
            "[Errno 2] Unable to synchronously open file (unable to open file: name = 'm.h5', errno = 2, error message = "
            "'No such file or directory', flags = 0, o_flags = 0)"
        ),
        "m.h5",
    ),
    (OSError("SavedModel file does not exist at: export/1/{saved_model.pbtxt|saved_model.pb}"), "export/1"),
    (OSError("No file or directory found at weights.h5"), "weights.h5"),
    (not_found("NewRandomAccessFile failed to Create/Open: picture.jpg : No such file"), "picture.jpg"),
    (not_found("labels.txt; No such file or directory"), "labels.txt"),
    (ValueError("Could not open 'net.tflite'."), "net.tflite"),
    (ValueError("the folder data/out is not a directory"), "data/out"),
    (FileNotFoundError("Model 'nets/a.h5' does not exist"), "nets/a.h5"),
    (ValueError("the name alpha does not exist"), None),
    (ValueError("operands could not be broadcast together"), None),
    (KeyError("path"), None),
]


@pytest.mark.parametrize("error, path", MISSING)
def test_missing_paths_are_read_from_messages(error, path):
    assert missing_path(error) == path


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A State over a snippet in a scratch folder, with a project folder beside it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def make(text="", protected=True):
        path = tmp_path / "work" / "snippet.py"
        path.write_text(text)
        folder = str(tmp_path / "project")
        return State([], [folder], [], str(path), [folder] if protected else [])

    return make


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def put(actions):
    for action in actions:
        exec(compile(action.code, "<stand-ins>", "exec"), {})


def test_a_file_of_the_project_is_linked_when_it_cannot_be_written_to(state, tmp_path):
    (tmp_path / "project" / "words.txt").write_text("real")
    put(propose(raised(FileNotFoundError(2, "gone", "words.txt")), state()))
    assert os.path.islink("words.txt") and open("words.txt").read() == "real"


def test_and_copied_when_it_could(state, tmp_path):
    (tmp_path / "project" / "words.txt").write_text("real")
    put(propose(raised(FileNotFoundError(2, "gone", "words.txt")), state(protected=False)))
    assert not os.path.islink("words.txt") and open("words.txt").read() == "real"


def test_a_folder_comes_before_a_file_in_it(state):
    current = state()
    error = raised(FileNotFoundError(2, "gone", "out/log.txt"))
    put(propose(error, current))
    assert os.listdir("out") == []
    put(propose(error, current))
    assert os.listdir("out") == ["log.txt"]


def test_the_same_action_is_not_proposed_twice(state):
    current = state()
    error = raised(FileNotFoundError(2, "gone", "log.txt"))
    assert propose(error, current)
    assert propose(error, current) == []


def test_absolute_paths_are_looked_for_in_the_scratch_folder(state):
    current = state("model = load('/srv/models/net.h5')\n")
    (action,) = propose(raised(FileNotFoundError(2, "gone", "/srv/models/net.h5")), current)
    current.add(action)
    assert current.rewritten(current.text()) == "model = load('srv/models/net.h5')\n"
    prefix = state('BASE = "/srv"\nmodel = load(BASE + "/models/net.h5")\n')
    (action,) = propose(raised(FileNotFoundError(2, "gone", "/srv/models/net.h5")), prefix)
    prefix.add(action)
    assert 'BASE = "srv"' in prefix.rewritten(prefix.text())


def test_files_for_patterns_when_a_loop_finds_none(state):
    current = state("for path in glob.glob('parts/*.csv'): read(path)\n")
    error = type("NothingRepeated", (Exception,), {})("nothing")
    put(propose(raised(error), current))
    assert sorted(os.listdir("parts")) == ["a.csv", "b.csv", "c.csv"]


def test_a_stand_in_model_takes_the_shape_that_it_is_given(state):
    current = state("model = load_model('net.keras')\n")
    (first,) = propose(raised(ValueError("File not found: filepath=net.keras. Please")), current)
    current.add(first)
    mismatch = raised(
        ValueError(
            'Input 0 of layer "dense" is incompatible with the layer: expected shape=(None, 16), found shape=(1, 28, 28, 1)'
        )
    )
    (second,) = propose(mismatch, current)
    assert "Input((28, 28, 1))" in second.code and current.shape == (28, 28, 1)


def test_a_stand_in_model_that_is_scored_is_compiled(state):
    for text, compiled in (
        ("model = load_model('net.keras')\nprint(model.evaluate(x, y))\n", True),
        ("model = load_model('net.keras')\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)\n", False),
        ("model = load_model('net.keras')\nmodel.predict(x)\n", False),
    ):
        (action,) = propose(raised(ValueError("File not found: filepath=net.keras. Please")), state(text))
        assert ("_model.compile(" in action.code) is compiled and ("compiled" in action.text) is compiled


def test_names_are_guessed_at_run_time(state):
    (action,) = propose(raised(NameError("name 'batch_size' is not defined")), state("f(batch_size)\n"))
    assert action.code == "batch_size = 4\n"


@pytest.mark.parametrize(
    "name, text, source",
    [
        ("batch_size", "", "4"),
        ("epochs", "", "1"),
        ("learning_rate", "", "0.1"),
        ("model_path", "load_model(model_path)", "'model.keras'"),
        ("model_path", "load_model(model_path or 'x.h5')", "'model.h5'"),
        ("image_path", "", "'image.jpg'"),
        ("n", "range(n)", "4"),
        ("out", "out.append(1)", "[]"),
        ("model", "model.predict(x)", "tf.keras.Sequential"),
        ("images", "images.shape", "np.random.rand(*(16, 16))"),
        ("args", "args.epochs + args.model_path", "types.SimpleNamespace(epochs=1, model_path='model.keras')"),
        ("params", "params['lr']", "{'lr': 0.1}"),
        ("trial", "trial.suggest_int('a', 1, 2)", "_Trial()"),
        ("env", "env.step(0)", "_Environment((16,))"),
        ("request", "request.get_json()", "_Request((16,))"),
        ("callback", "callback(3)", "lambda *arguments"),
        ("filters", "Conv2D(filters, 3)", "4"),
        ("shape", "tf.zeros(shape[-1])", "(16, 16)"),
        ("input_shape", "", "(16,)"),
        ("readings", "readings[start:start + 16]", "np.random.rand(1024)"),
        ("readings", "readings[:known]", "np.random.rand(1024)"),
        ("batches", "for batch in batches: train(batch)", "np.random.rand(*(16, 4, 16))"),
        ("config", "np.asarray(config['classes'])", "{'classes': [0.5] * 16}"),
    ],
)
def test_guesses_by_name_and_use(name, text, source):
    assert guess.value_for(name, text).source.startswith(source)


@pytest.mark.parametrize(
    "annotation, source",
    [
        ("int", "4"),
        ("float", "0.5"),
        ("bool", "False"),
        ("str", "'a'"),
        ("np.ndarray", "np.random.rand"),
        ("Optional[int]", "4"),
        ("List[str]", "['a'] * 3"),
        ("tf.keras.Model", "tf.keras.Sequential"),
        ("Path", "pathlib.Path("),
    ],
)
def test_guesses_by_annotation(annotation, source):
    assert guess.value_for("thing", "", annotation=annotation).source.startswith(source)


def test_guessed_objects_work():
    for name, use in (
        ("trial", "trial.suggest_float('lr', 0.1, 1.0)"),
        ("request", "request.files['image'].read()[:4]"),
        ("request", "request.get_json()['values']"),
        ("request", "request.form.get('anything')"),
    ):
        value = guess.value_for(name, use)
        namespace = {}
        exec(f"{value.imports}{name} = {value.source}\nresult = {use}", namespace)
        assert namespace["result"] is not None


@pytest.mark.parametrize(
    "text, shape",
    [
        ("x = np.zeros((1, 224, 224, 3))", (224, 224, 3)),
        ("img = img.resize((128, 128))", (128, 128, 3)),
        ("load_img(path, target_size=(96, 96))", (96, 96, 3)),
        ("Input(shape=(32,))", (32,)),
        ("x.reshape(1, 28, 28, 1)", (28, 28, 1)),
        ("LSTM(8, input_shape=(10, 4))", (10, 4)),
        ("frame = camera.read()", (64, 64, 3)),
        ("nothing to see", (16,)),
    ],
)
def test_shapes_that_the_code_suggests(text, shape):
    assert hints.plausible_shape(text) == shape


def test_layers_of_the_first_tensorflow(state):
    (action,) = propose(
        raised(AttributeError("`dense` is not available with Keras 3.")), state("tf.layers.dense(x, 4)\n")
    )
    assert "tf.layers" in action.text and compile(action.code, "layers", "exec")


def test_an_option_that_another_function_reads_is_added(state):
    current = state("conf = types.SimpleNamespace(rate=0.1)\ndef f(c): return range(c.batch_size)\n")
    (action,) = propose(raised(AttributeError("'types.SimpleNamespace' object has no attribute 'batch_size'")), current)
    current.add(action)
    assert "types.SimpleNamespace(batch_size=4, rate=0.1)" in current.rewritten(current.text())


def test_texts_and_weights_of_models_are_guessed_by_what_takes_them():
    made = guess.value_for("saved", "model_from_json(saved[number])", (8,))
    assert made.source.startswith("[") and made.source.endswith(".to_json()] * 16")
    assert guess.value_for("kept", "model.set_weights(kept)", (8,)).source.endswith(".get_weights()")
    assert guess.value_for("frame", "frame.groupby('day')", (8,)).source.startswith("pd.DataFrame(")
    assert guess.value_for("_argv", "", (8,)).source == "['snippet']"


def test_environments_take_what_games_have():
    space = {}
    exec(classes.ENVIRONMENT + "made = _Environment((4,))\n", space)
    made = space["made"]
    assert made.unwrapped.hull.position[0] == 0.0 and made.ask("lives") == 0.0
    assert made.unwrapped is made and len(made.step(0)) == 4 and made._max_episode_steps == 8


def test_what_lies_beside_a_module_is_found_in_the_project(state, tmp_path, monkeypatch):
    (tmp_path / "project" / "nets").mkdir()
    (tmp_path / "project" / "nets" / "words.txt").write_text("real")
    monkeypatch.setenv("TFLINT_MEM_MODULES", str(tmp_path / "modules"))
    put(propose(raised(FileNotFoundError(2, "gone", str(tmp_path / "modules" / "nets" / "words.txt"))), state()))
    assert (tmp_path / "modules" / "nets" / "words.txt").read_text() == "real"
    (action,) = propose(raised(FileNotFoundError(2, "gone", str(tmp_path / "modules" / "nets" / "rows.csv"))), state())
    put([action])
    assert action.text.startswith("nets/rows.csv: 64 rows") and (tmp_path / "modules" / "nets" / "rows.csv").exists()


def test_a_stand_in_model_says_only_classes_that_have_labels(state):
    current = state("model = load_model('net.keras')\n")
    (first,) = propose(raised(ValueError("File not found: filepath=net.keras. Please")), current)
    current.add(first)
    assert "Dense(10, activation='softmax')" in first.code
    (second,) = propose(raised(KeyError(9)), current)
    assert "Dense(2, activation='softmax')" in second.code
    assert propose(raised(KeyError("name")), current) == []


@pytest.mark.parametrize(
    "message", ["Incompatible shapes: [4,10] vs. [4] [Op:Sub] name: ", "Incompatible shapes: [8] vs. [8,10]"]
)
def test_a_stand_in_model_gives_one_number_where_the_code_has_one(state, message):
    current = state("model = load_model('net.keras')\nloss = model(features) - target\n")
    (first,) = propose(raised(ValueError("File not found: filepath=net.keras. Please")), current)
    current.add(first)
    (second,) = propose(raised(not_found(message, "InvalidArgumentError")), current)
    current.add(second)
    assert "Dense(1, activation='sigmoid')" in second.code and current.setup == [second.code]


def test_a_stand_in_model_takes_the_shape_of_what_is_copied_into_it_and_arrays_follow(state):
    current = state("interpreter = Interpreter('a.tflite')\npictures = np.load('pictures.npy')\n")
    for error in (ValueError("Could not open 'a.tflite'."), FileNotFoundError(2, "gone", "pictures.npy")):
        for action in propose(raised(error), current):
            current.add(action)
    assert len(current.setup) == 2 and "(64, 64, 3)" in current.setup[0]
    for action in propose(
        raised(ValueError("could not broadcast input array from shape (4,) into shape (64,64,3)")), current
    ):
        current.add(action)
    assert len(current.setup) == 2 and "Input((4,))" in current.setup[0] and "rand(*(8, 4))" in current.setup[1]


def test_a_guessed_array_gets_the_dimensions_that_the_codes_own_layers_take(state):
    text = "pyramid(np.random.rand(*(16, 8)).astype('float32'))\n"
    error = ValueError(
        "Input 0 of layer 'conv2d' is incompatible with the layer: expected min_ndim=4, found ndim=2. Full shape received: (16, 8)"
    )
    current = state(text)
    (action,) = propose(raised(error), current)
    current.add(action)
    assert current.rewritten(text) == "pyramid(np.random.rand(*(4, 64, 64, 3)).astype('float32'))\n"


def test_a_guessed_path_from_which_a_model_is_loaded_is_one_of_a_model(state):
    text = "load('data.txt')\n"
    error = ValueError("File format not supported: filepath=data.txt. Keras 3 only supports V3 `.keras` files")
    current = state(text)
    (action,) = propose(raised(error), current)
    current.add(action)
    assert current.rewritten(text) == "load('model.keras')\n"
    other = propose(raised(ValueError(str(error).replace("data.txt", "net.bin"))), state("load('net.bin')\n"))
    assert not any(action.rewrite for action in other)  # a path of the code's own stays


def test_folders_hold_what_the_code_picks_from_them(state):
    put(
        propose(
            raised(FileNotFoundError(2, "gone", "notes")),
            state("for name in os.listdir('notes'):\n    if name.endswith('.csv'): read(name)\n"),
        )
    )
    assert sorted(os.listdir("notes")) == ["a.csv", "b.csv", "c.csv"]


def test_tables_hold_words_where_words_are_looked_up(state):
    put(
        propose(
            raised(FileNotFoundError(2, "gone", "a.csv")),
            state("lookup = StringLookup(vocabulary=frame['city'].unique())\n"),
        )
    )
    put(propose(raised(FileNotFoundError(2, "gone", "b.csv")), state("mean = frame['age'].mean()\n")))
    assert open("a.csv").read().split()[:2] == ["city", "word0"] and open("b.csv").read().split()[:2] == ["age", "0.0"]


def test_arrays_fill_the_batches_into_which_the_code_divides_them(state):
    for text, rows in (("x = np.load('x.npy')\nsteps = len(x) // 32\n", 64), ("x = np.load('x.npy')\n", 8)):
        (action,) = propose(raised(FileNotFoundError(2, "gone", "x.npy")), state(text))
        assert f"shape ({rows}, 16)" in action.text


def test_columns_that_a_loop_takes():
    assert hints.columns_in("for name in repeat(('age',)):\n    print(frame[name])\n") == ["age"]
    assert hints.columns_in(
        "for name in ('city', 'job'):\n    print(frame[name])\nfor other in ('x', 'y'):\n    print(other)\n"
    ) == ["city", "job"]


def test_data_sets_have_labels_where_the_code_takes_them():
    alone = guess.value_for("dataset", "for image in dataset:\n    show(image)\n").source
    pairs = guess.value_for("dataset", "for image, label in dataset:\n    show(image)\n").source
    fitted = guess.value_for("dataset", "for batch in dataset:\n    show(batch)\nmodel.fit(dataset)\n").source
    assert "from_tensor_slices(np." in alone and pairs == fitted and "from_tensor_slices((np." in pairs


def test_records_and_saved_data_sets(state):
    current = state("records = tf.data.TFRecordDataset(glob('*.tfrecord'))\n")
    actions = propose(raised(type("NothingRepeated", (Exception,), {})("nothing")), current)
    assert [action.text for action in actions] == [f"{letter}.tfrecord: 64 short records" for letter in "abc"]
    error = not_found("tf.data snapshot element_spec file not found: frames/dataset_spec.pb.")
    (action,) = propose(raised(error), current)
    assert (
        action.text == "frames: a saved data set of 64 random examples in batches" and ".save('frames')" in action.code
    )

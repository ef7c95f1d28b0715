"""Tokenizers of `transformers`, as numbers without a vocabulary; models have no stand-in, because they are what is
measured."""

import numpy as np

_LENGTH = 16


class _Batch(dict):
    """What a tokenizer gives: its entries are attributes too."""

    __getattr__ = dict.__getitem__

    def to(self, *arguments):
        return self

    def convert_to_tensors(self, *arguments, **options):
        return self


class PreTrainedTokenizer:
    """Numbers from the lengths of words, always as many."""

    vocab_size = 100
    pad_token, cls_token, sep_token, mask_token, unk_token = "[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"
    eos_token, bos_token = "</s>", "<s>"
    pad_token_id, cls_token_id, sep_token_id, mask_token_id, unk_token_id, eos_token_id, bos_token_id = range(7)
    model_max_length = 512

    @classmethod
    def from_pretrained(cls, *arguments, **options):
        return cls()

    def __len__(self):
        return self.vocab_size

    def tokenize(self, text, **options):
        return str(text).split()[:_LENGTH]

    def convert_tokens_to_ids(self, tokens):
        return len(tokens) % 90 + 7 if isinstance(tokens, str) else [len(token) % 90 + 7 for token in tokens]

    def encode(self, text, *arguments, max_length=_LENGTH, return_tensors=None, **options):
        numbers = (self.convert_tokens_to_ids(self.tokenize(text)) + [0] * max_length)[:max_length]
        return _as_tensors(np.array([numbers], "int32"), return_tensors) if return_tensors else numbers

    def __call__(self, text=None, text_pair=None, *arguments, max_length=None, return_tensors=None, **options):
        single = isinstance(text, str)
        rows = [self.encode(each, max_length=max_length or _LENGTH) for each in ([text] if single else list(text))]
        numbers = np.array(rows, "int32")
        parts = {"input_ids": numbers, "token_type_ids": numbers * 0, "attention_mask": (numbers > 0).astype("int32")}
        if return_tensors:
            return _Batch({name: _as_tensors(part, return_tensors) for name, part in parts.items()})
        return _Batch({name: (part[0] if single else part).tolist() for name, part in parts.items()})

    encode_plus = batch_encode_plus = __call__

    def decode(self, numbers, **options):
        return " ".join("word%d" % int(number) for number in np.ravel(numbers)[:_LENGTH])

    def batch_decode(self, rows, **options):
        return [self.decode(row) for row in rows]

    def save_pretrained(self, *arguments, **options):
        return ()

    def add_special_tokens(self, *arguments, **options):
        return 0


def _as_tensors(numbers, kind):
    if kind == "tf":
        import tensorflow as tf

        return tf.constant(numbers)
    return numbers


AutoTokenizer = BertTokenizer = BertTokenizerFast = DistilBertTokenizer = DistilBertTokenizerFast = PreTrainedTokenizer
RobertaTokenizer = RobertaTokenizerFast = GPT2Tokenizer = GPT2TokenizerFast = T5Tokenizer = PreTrainedTokenizer
XLNetTokenizer = AlbertTokenizer = ElectraTokenizer = ElectraTokenizerFast = PreTrainedTokenizer
PreTrainedTokenizerFast = XLMRobertaTokenizer = CamembertTokenizer = DebertaV2Tokenizer = PreTrainedTokenizer

"""Source of the small classes that guessed values are of."""

from __future__ import annotations

TRIAL = '''\
class _Trial:
    """Suggests the lowest value of each range."""
    number, params = 0, {}
    def suggest_int(self, name, low, high, *a, **k): return low
    def suggest_float(self, name, low, high, *a, **k): return low
    suggest_uniform = suggest_loguniform = suggest_discrete_uniform = suggest_float
    def suggest_categorical(self, name, choices): return list(choices)[0]
    def Int(self, name, min_value=1, max_value=4, *a, **k): return min_value
    def Float(self, name, min_value=0.1, max_value=1.0, *a, **k): return min_value
    def Choice(self, name, values, *a, **k): return list(values)[0]
    def Boolean(self, name, *a, **k): return False
    def report(self, *a, **k): pass
    def should_prune(self): return False
    def set_user_attr(self, *a, **k): pass
'''


ENVIRONMENT = '''\
import numpy as np
import types
class _Part:
    """What only a real game has: further parts, and 0 wherever a number is wanted."""
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        return _Part()
    def __getitem__(self, key): return 0.0
    def __call__(self, *a, **k): return 0.0
    def __float__(self): return 0.0
class _Environment:
    """Random observations; an episode ends after eight steps."""
    spec = None
    def __init__(self, shape, new=False):
        self.shape, self.new, self.steps = shape, new, 0
        self.action_space = types.SimpleNamespace(n=4, shape=(4,), sample=lambda: 0, high=np.ones(4), low=-np.ones(4))
        self.observation_space = types.SimpleNamespace(shape=shape, n=16, high=np.ones(shape), low=-np.ones(shape))
    def reset(self, *a, **k):
        self.steps = 0
        return (self._seen(), {}) if self.new else self._seen()
    def step(self, action):
        self.steps += 1
        ends = (self.steps % 8 == 0, False) if self.new else (self.steps % 8 == 0,)
        return (self._seen(), 0.0) + ends + ({},)
    def _seen(self): return np.random.rand(*self.shape).astype('float32')
    unwrapped = property(lambda self: self)
    def __getattr__(self, name):
        if name.startswith('__') or name in ('shape', 'new', 'steps'): raise AttributeError(name)
        return _Part()
    metadata, reward_range, _max_episode_steps, num_envs, n_actions, ale = \
{}, (-1.0, 1.0), 8, 1, 4, types.SimpleNamespace(lives=lambda: 3)
    def get_action_meanings(self): return ["NOOP", "FIRE", "RIGHT", "LEFT"]
    def seed(self, *a): pass
    def render(self, *a, **k): pass
    def close(self): pass
'''


REQUEST = '''\
import io
import json
import struct
import zlib
class _Anything(dict):
    """A mapping that has every key."""
    def __missing__(self, key): return self._make(key)
    def get(self, key, default=None, type=None): return self[key]
    def getlist(self, key): return [self[key]]
    def __contains__(self, key): return True
class _Fields(_Anything):
    def _make(self, key): return [0.5] * 16 if any(part in key.lower() for part in \
('value', 'feature', 'data', 'input', 'inst')) else 'text'
class _File(io.BytesIO):
    filename = name = 'image.png'
    content_type = 'image/png'
    file = property(lambda self: self)
    def save(self, target): open(target, 'wb').write(self.getvalue()) if isinstance(target, (str, bytes)) else \
target.write(self.getvalue())
    def chunks(self): return [self.getvalue()]
class _Files(_Anything):
    def _make(self, key): return _File(_picture())
def _picture(side=64):
    rows = b''.join(b'\\0' + bytes(side * 3) for _ in range(side))
    def chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + \
struct.pack('>I', zlib.crc32(kind + data))
    return b'\\x89PNG\\r\\n\\x1a\\n' + \
chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)) + \
chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')
class _Request:
    method, path, headers, is_json = 'POST', '/', _Fields(), True
    def __init__(self, shape):
        self.shape = shape
        self.json = self.form = self.args = self.values = self.query_params = self.GET = self.POST = \
_Fields(values=[0.5] * (shape[0] if shape else 1))
        self.files = self.FILES = _Files()
        self.data = self.body = json.dumps({'values': [0.5] * 16}).encode()
    def get_json(self, *a, **k): return self.json
    def get_data(self, *a, **k): return self.data
'''

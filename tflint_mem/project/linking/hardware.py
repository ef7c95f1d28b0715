"""What a project's own configuration says about the machine it runs on: does it have a GPU?

Read are requirements (a TensorFlow without GPU code), container files (the image they start from), and the
descriptions of hosts that offer no GPU: Heroku's Procfile, App Engine's app.yaml, AWS Lambda.  The nearest folder that
says something decides.
"""

from __future__ import annotations

import os

from .requirements import texts

TYPE_CHECKING = False  # importing `typing` costs more than a small file
if TYPE_CHECKING:
    from tflint_mem.project.project import Project
    from tflint_mem.sources.dependencies import Beside

    from .module import Module

_CONTAINERS = ("Dockerfile", "dockerfile", "docker/Dockerfile", "Containerfile")
_COMPOSE = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
_HOSTS = (
    "app.yaml",
    "template.yaml",
    "template.yml",
    "serverless.yml",
    "serverless.yaml",
)  # of these only some mean no GPU
_WITHOUT_GPU = ("runtime: python", "aws::serverless", "aws::lambda", "name: aws")
_GPU_WORDS = ("gpu", "cuda", "nvidia", "nvcr.io", "rocm")
_HIDDEN = (
    "CUDA_VISIBLE_DEVICES=-1",
    "CUDA_VISIBLE_DEVICES: -1",
    'CUDA_VISIBLE_DEVICES="-1"',
    "CUDA_VISIBLE_DEVICES: '-1'",
    'CUDA_VISIBLE_DEVICES: "-1"',
    "CUDA_VISIBLE_DEVICES -1",
    'CUDA_VISIBLE_DEVICES=""',
)


class Hardware:
    """Answers for the folders of a project, each read once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._said: dict[str, bool | None] = {}

    def without_gpu(self, m: Module) -> bool:
        """Does the configuration nearest to a module say that it runs where no GPU is, or that none is used?"""
        if self.project.versions.without_gpu(m):
            return True
        for folder in self.project.versions.folders(os.path.dirname(os.path.abspath(m.path))):
            if folder not in self._said:
                self._said[folder] = _says(folder, self.project.beside)
            said = self._said[folder]
            if said is not None:
                return said
        return False


def _says(folder: str, beside: Beside) -> bool | None:
    """True: no GPU; False: a GPU; None: the folder says nothing."""
    compose = " ".join(texts(folder, _COMPOSE, beside))
    images = [*texts(folder, _CONTAINERS, beside)]
    if any(hidden in text for text in (*images, compose) for hidden in _HIDDEN):
        return True
    if any(word in compose.lower() for word in _GPU_WORDS):
        return False
    bases = [
        line.split()[1].lower()
        for text in images
        for line in text.splitlines()
        if line.strip().lower().startswith("from ") and len(line.split()) > 1
    ]
    if bases:
        return not any(word in text.lower() for text in images for word in _GPU_WORDS)
    if any(True for _ in texts(folder, ("Procfile",), beside)):
        return True
    if any(word in text.lower() for text in texts(folder, _HOSTS, beside) for word in _WITHOUT_GPU):
        return True
    return None

"""Whisper models from Hugging Face, or a mirror of it (HF_ENDPOINT): OpenAI's own repositories there.

Their files hold the same tensors under transformers' names, in float32 for all but large-v3 and turbo; OpenAI's own
files are float16, so the way back to that loses nothing. Revisions and hashes are pinned, so a mirror can give nothing
else. At these revisions every size is one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from speech.models.download import Remote, download
from speech.models.source import ANSWER_SECONDS, Say, SourceFailed

FILE = "model.safetensors"


@dataclass(frozen=True)
class Repository:
    """A model's repository below `openai/`, at a commit, and the SHA-256 of its `model.safetensors` there."""

    name: str
    revision: str
    sha256: str


MODELS: Mapping[str, Repository] = {
    "tiny": Repository(
        "whisper-tiny",
        "169d4a4341b33bc18d8881c4b69c2e104e1cc0af",
        "7ebd0e69e78190ffe1438491fa05cc1f5c1aa3a4c4db3bc1723adbb551ea2395",
    ),
    "tiny.en": Repository(
        "whisper-tiny.en",
        "87c7102498dcde7456f24cfd30239ca606ed9063",
        "db59695928ded6043adaef491a53ef4e12da9611184d77c53baa691a60b958ad",
    ),
    "base": Repository(
        "whisper-base",
        "e37978b90ca9030d5170a5c07aadb050351a65bb",
        "07cadb9f25677c8d50df603e66a98fbd842cce45047139baeb16e6219a1e807b",
    ),
    "base.en": Repository(
        "whisper-base.en",
        "911407f4214e0e1d82085af863093ec0b66f9cd6",
        "d4dd5542fd6a1d35639e21384238f3bfe6c557c849d392b5905d33ee29e71db5",
    ),
    "small": Repository(
        "whisper-small",
        "973afd24965f72e36ca33b3055d56a652f456b4d",
        "1d7734884874f1a1513ed9aa760a4f8e97aaa02fd6d93a3a85d27b2ae9ca596b",
    ),
    "small.en": Repository(
        "whisper-small.en",
        "e8727524f962ee844a7319d92be39ac1bd25655a",
        "6014ac49b506df900f66f4aca6b0801eed7245594ace97bcaf73e0ae5b863066",
    ),
    "medium": Repository(
        "whisper-medium",
        "abdf7c39ab9d0397620ccaea8974cc764cd0953e",
        "62f73550fa6db24b0c6f6c5962bd0dae80fa644e93cde9cd9c3792971b47fd28",
    ),
    "medium.en": Repository(
        "whisper-medium.en",
        "2e98eb6279edf5095af0c8dedb36bdec0acd172b",
        "8f731340f569588236c21f794c33e83b7cc5a297511d2bdc30117ea969004311",
    ),
    "large-v1": Repository(
        "whisper-large",
        "4ef9b41f0d4fe232daafdb5f76bb1dd8b23e01d7",
        "27d753181b54178da228555dbc57fe639f6624ca470d83d35e500b22df0ab7e6",
    ),
    "large-v2": Repository(
        "whisper-large-v2",
        "ae4642769ce2ad8fc292556ccea8e901f1530655",
        "57a1ba2a82c093cabff2541409ae778c97145378b9ddfa722763cb1cb8f9020b",
    ),
    "large-v3": Repository(
        "whisper-large-v3",
        "06f233fe06e710322aca913c1bc4249a0d71fce1",
        "a8e94b85976e5864ba3e9525c7e6c83b2a1eca42d4b797a0c7c24d778e40fd95",
    ),
    "large-v3-turbo": Repository(
        "whisper-large-v3-turbo",
        "41f01f3fe87f28c78e2fbf8b568835947dd65ed9",
        "542566a422ae4f3fd23f1ba11add198fca01bbf82e66e6a2857b3f608b1eb9d1",
    ),
}


class HuggingFace:
    """The source `huggingface`. `endpoint`: the address of the hub or of a mirror, without a slash at its end."""

    name = "huggingface"

    def __init__(
        self,
        endpoint: str,
        models: Mapping[str, Repository] = MODELS,
        patience: float = ANSWER_SECONDS,
    ) -> None:
        self._endpoint, self._models, self._patience = endpoint, models, patience

    def has(self, model: str) -> bool:
        return model in self._models

    def address(self, model: str) -> str:
        repository = self._models[model]
        return f"{self._endpoint}/openai/{repository.name}/resolve/{repository.revision}/{FILE}"

    def fetch(self, model: str, work: Path, say: Say) -> Path:
        from speech.models import safetensors_file, tensors, transformers_names  # torch, late

        remote = Remote(self.address(model), self._models[model].sha256, model)
        file = download(remote, work, say, self._patience)
        say(f"{model}: converting it, once")
        made = work / f"{model}.pt"
        try:
            tensors.write(made, transformers_names.renamed(safetensors_file.read(file)))
        except (ValueError, KeyError) as error:
            raise SourceFailed(f"{remote.url} is not the model {model} ({error})") from error
        return made

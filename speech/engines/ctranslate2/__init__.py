"""openai-whisper's checkpoints as CTranslate2 models: network, vocabulary, and the folder that holds both.

No hub and no transformers: the checkpoint's own weights under other names, and openai-whisper's own tokens.
"""

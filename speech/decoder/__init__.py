"""Batched Whisper over openai-whisper's own weights and rules: mel, model, rules, loop, words, each a module.

Rows of one batch have their own language, task, prompt, length cap, temperature and time stamps. Greedy text in
single precision equals `whisper.decode` token for token; tests/speech/decoder proves it.
"""

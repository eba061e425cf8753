"""The block SDK and the built-in blocks. A block knows neither NATS nor the engine.

Nothing heavy is imported here: httpx, beautifulsoup4 and lxml are loaded by the blocks that need them.
"""

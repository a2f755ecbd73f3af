"""HTTP: routes as data, decided in the contract's order, on aiohttp's protocol.

aiohttp parses requests and writes to sockets; dispatch, rejections and headers are our own, because
status codes, their order, path decoding and header names have to be those of the contract.
"""

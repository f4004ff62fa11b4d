"""The speech tier over HTTP: process, application, wire format and the node behind it."""

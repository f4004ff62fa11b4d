"""A room's WebSocket: the consumer, the connection of one open page, its queues, rate limits and origin."""

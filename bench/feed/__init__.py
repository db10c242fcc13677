"""A simulated hospital feed, pushed by many clients at a server that is killed again and again.

    python -m bench.feed 100000 --database both --clients 16 --kills 5 --seed 1

In the end the store must hold what was sent, exactly. `world` says what the hospitals are like, `results`
what happens to each result and what must become of it, `messages` how it travels, `driver` sends it,
`audit` compares. Nothing here asks the service what it ought to hold.
"""

"""Books: their speed beside the engine alone (`bench.book`), and what kills and length do to them.

python -m bench.book               make bench-book
python -m bench.book.kills         make bench-book-kills
python -m bench.book.length        make bench-book-length
"""

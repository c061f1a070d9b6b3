"""A whole file that is refused: one closed word, and what was expected, what came, what to do."""


class FileRefused(Exception):
    """Raised inside the reader only; it leaves as a `FileReading` with `error` and `error_text`.

    Words: `unreadable_file`, `empty_file`, `no_rows`, `no_header`, `encrypted_file`, `too_large`,
    `tables_beside`.
    """

    def __init__(self, word: str, expected: str, came: str, do: str) -> None:
        self.word = word
        self.text = f"expected {expected}; came {came}; {do}"
        super().__init__(self.text)

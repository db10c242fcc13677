"""Write the demonstration's files.

python -m tools.demonstration          write the files
python -m tools.demonstration --check  say which files are not what this program would write
"""

import sys

from tools.demonstration import PLACE, files


def main() -> int:
    """Write the files, or say which of them differ."""
    wanted = files()
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in wanted.items() if (PLACE / name).read_text("utf-8") != text]
        print("\n".join(f"{name} is not what the generator writes" for name in stale) or "all as generated")
        return 1 if stale else 0
    for name, text in wanted.items():
        (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
        (PLACE / name).write_text(text, "utf-8")
    print(f"{len(wanted)} files in app/demo, {sum(map(len, wanted.values()))} characters")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

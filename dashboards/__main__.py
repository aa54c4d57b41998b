"""``python -m dashboards``: write the boards as Grafana reads them."""

from dashboards.boards import ALL
from dashboards.committed import FOLDER, text


def main() -> None:
    """Into the folder that is committed; boards that are no more are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = {f"{board.uid}.json": text(board.document()) for board in ALL}
    for file in FOLDER.glob("*.json"):
        if file.name not in wanted:
            file.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main()

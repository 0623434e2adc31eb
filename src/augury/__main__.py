"""`python -m augury` is the `augury` command."""

from augury.cli.main import run

if __name__ == "__main__":
    run()

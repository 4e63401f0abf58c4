"""`python -m rocot` is `rocot`."""

from rocot.cli import main

if __name__ == "__main__":
    main()

"""What does `python -m shortcut_audit` do? The same as `shortcut-audit`."""

from shortcut_audit.cli import main

if __name__ == "__main__":
    main()

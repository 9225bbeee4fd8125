"""The one base of all errors that are told to a person."""


class UserError(Exception):
    """What a person can do something about; the message is one sentence that says what.

    The command line prints it and a page shows it, whatever it is in detail.
    """

"""The base class of all errors that a person gets to read."""


class UserError(Exception):
    """Something that the user can act on; the message is one sentence that says how.

    The command line prints it and a page shows it, whichever subclass it is.
    """

"""What tests of properties share: how many examples they try, and what a refusal is."""

from hypothesis import HealthCheck, settings

from uncollapse.errors import UserError, escape_line

# the same examples at each call, and as long as a busy machine needs
LAW = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def told(error: Exception, begins: tuple[str, ...] = ("",)) -> None:
    """A refusal is one line that says something and ends; of a UserError by itself, of others when shown."""
    text = str(error) if isinstance(error, UserError) else escape_line(error)
    assert text.startswith(begins), text
    assert text.isprintable(), text
    assert 5 < len(text) < 2500, text

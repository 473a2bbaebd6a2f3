"""What obstore says, in the store's own words."""

from obstore.exceptions import BaseError

from graphstore.bytes.failures import meaning_of
from graphstore.errors import AccessError


def test_missing_credentials_are_told_by_their_variables() -> None:
    """What obstore says of them names an address that nobody has heard of."""
    said = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 3s, after 2 retries"
    meant = meaning_of(BaseError(said), "s3://bucket/folder", writing=True)
    assert isinstance(meant, AccessError)
    assert "s3://bucket/folder: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(meant)

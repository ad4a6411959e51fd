from hypothesis import given
from hypothesis import strategies as st

from storage.merkle import leaf_hash, tree_hash
from storage.svs1.root import GrowingRoot


@given(leaves=st.lists(st.binary(max_size=4), max_size=70))
def test_root_is_that_of_the_whole_tree_at_every_step(leaves: list[bytes]) -> None:
    growing = GrowingRoot()
    assert growing.root() == tree_hash([])
    for count, leaf in enumerate(leaves, start=1):
        growing.append(leaf)
        assert growing.count == count
        assert growing.root() == tree_hash([leaf_hash(each) for each in leaves[:count]])

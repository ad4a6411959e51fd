"""What a verification says, in English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the whole
        "good": "GOOD: every check passed.",
        "bad": "NOT GOOD: see what is marked below.",
        "note": "Note",
        "mark-good": "[ ok ]",
        "mark-bad": "[FAIL]",
        "mark-not-run": "[ ?? ]",
        # steps of a bundle
        "files": "Files are those that the manifest lists",
        "signature": "Manifest is signed",
        "checkpoints": "Checkpoints of the ledger are signed",
        "inclusion": "Entries are in the ledger and agree with the manifest",
        "scope": "Nothing but what was granted, and no sound",
        "packets": "Every picture is what was sealed and logged",
        "times": "What lies outside of the interval is listed and hidden",
        "complete": "Nothing that was released is left out",
        "sums": "List of hashes is right",
        # steps of a segment and of a ledger
        "header": "Header is whole",
        "records": "Records are whole and make the root",
        "origin": "Ledger names itself and its key",
        "tree": "Entries and tree are what was hashed",
        "order": "Entries stand once and in order",
        "continued": "What restores cut off is declared",
        # steps of a keyring file
        "keyring-head": "File is of a keyring",
        "key-records": "Key records are whole, tombstones are clean",
        # what can not be known
        "not-pinned": "The export key was not compared with a published fingerprint: the bundle agrees with itself, "
        "no more.",
        "log-not-pinned": "The ledger's key was not compared with a published fingerprint.",
        "nothing-released": "The bundle names no release of its grant: only the ledger shows that there was none.",
        "segments-unreadable": "The manifest lists segments, or records of them, as unreadable: what they hold is not "
        "in the bundle.",
        "places-entered-late": "A place at least was entered later: it is what somebody said of it afterwards. The "
        "manifest (places) says which one, the town's ledger who entered it, and when.",
        "segment-not-opened": "Without keys nobody knows whether the pictures open.",
        "segment-root-not-compared": "Compare the root with the segment's seal entry in the ledger.",
        "segment-not-closed": "The file was left by a crash: what follows its last whole record does not count.",
        "keyring-not-opened": "Without the custodians nobody knows whether a wrapped share opens.",
        "ledger-rewritten-whole": "Whoever holds the ledger's key could have written another one: compare with a "
        "checkpoint that somebody kept.",
        "ledger-was-restored": "The ledger was cut by a restore, and somebody declared it: step 5 says how many "
        "entries were kept, and by whom. What was entered after them is lost; a checkpoint beyond what was declared "
        "speaks against him.",
        # what is wrong with files
        "file-missing": "is missing",
        "file-extra": "does not belong to the bundle",
        "file-changed": "is not what the manifest lists",
        "file-unreadable": "can not be read: {why}",
        "file-too-large": "is larger than any file of its kind",
        "not-a-file": "is no regular file",
        "sum-differs": "is not what manifest-sha256.txt lists",
        "sum-wrong": "has a wrong line for {of}",
        "sum-extra": "lists files that are not there",
        "manifest-invalid": "is not a manifest: {why}",
        "records-invalid": "is not a list of records",
        # with keys, signatures, entries
        "key-unusable": "is not a usable key",
        "other-key": "is not the key that was expected ({expected})",
        "log-key-differs": "is not the key that the manifest names",
        "signature-invalid": "does not fit {of} and keys/export.pub",
        "note-invalid": "is not a signed checkpoint: {why}",
        "proof-invalid": "proves nothing: {why}",
        "other-checkpoint": "leads to another checkpoint (size {size}) than the manifest",
        "not-in-ledger": "is not in the ledger by {proof}: {why}",
        "entry-invalid": "holds no entry of a known kind: {why}",
        "entry-differs": "does not say what the manifest says",
        # with what was granted
        "camera-not-granted": "shows camera {camera}, which was not granted",
        "not-one-video": "holds other tracks than one of video: {tracks}",
        "out-of-order": "names entries that stand in the wrong order",
        "not-released": "names segment {segment}, which no release of the grant names",
        "not-opened": "names no release or no opening",
        "grant-over": "is later than the grant was valid",
        "outside-grant": "shows nothing of the granted interval",
        "record-not-granted": "holds record {seq} of segment {segment}, which was not granted",
        "record-unused": "discloses the key of record {seq}, whose pictures are in no movie",
        "position-not-granted": "discloses the position of record {seq}, which is not of the granted interval",
        # with what is absent
        "segment-left-out": "tells nothing of segment {segment}, which was released",
        "release-left-out": "says that {opened} segments were opened: more than the releases name that are here",
        "record-left-out": "lacks record {seq}, which lies in the granted interval",
        "frames-left-out": "withholds frames of record {seq} that lie in the granted interval",
        # with pictures
        "record-malformed": "has values for record {seq} that do not agree",
        "samples-differ": "does not have the {expected} samples of its records",
        "sample-size-differs": "has samples of other sizes than record {seq} of segment {segment}",
        "samples-forged": "holds samples that are not those sealed in record {seq} of segment {segment}",
        "tag-differs": "has a wrong tag for record {seq}",
        "wrong-record-key": "has a key that record {seq} does not commit to",
        "root-differs": "does not make the root that the manifest names",
        "seal-differs": "is not of the segment that {entry} sealed",
        "header-differs": "has the header of another camera, run or segment",
        "init-missing": "lacks the record that says how to decode",
        "init-forged": "has an init record that was not sealed",
        "record-forged": "has a record that says nothing: {what}",
        "decoder-differs": "is to be decoded otherwise than was sealed",
        "codec-unknown": "names a codec that is not known here: {codec}",
        "box-damaged": "is not a movie as this system writes it: {box}, {why}",
        "segment-damaged": "is damaged at byte {offset}: {what}",
        "segment-torn": "ends with {torn_bytes} bytes from byte {offset} on that are no whole record: a crash left "
        "them, or somebody changed them. The segment's seal entry in the ledger says how many records there were",
        # with key records
        "keyring-damaged": "is no whole keyring file: {what}",
        "slot-torn": "has a slot {slot} that a crash tore, or that somebody changed",
        "tombstone-unclean": "has more than a tombstone in slot {slot}, of segment {segment}",
        "key-record-damaged": "has a damaged key record in slot {slot}, of segment {segment}",
        # with positions
        "positions-missing": "is absent: positions were sealed with this movie",
        "positions-differ": "does not say what was sealed",
        "positions-of-no-movie": "is of no movie for which positions were sealed",
        # with times and edits
        "times-differ": "has other times than were sealed",
        "hidden": "hides sample {sample}, which lies in the interval",
        "shown-outside": "shows sample {sample}, which lies outside of the interval",
        "hidden-list-differs": "hides other samples than the manifest lists",
        "undecodable-list-differs": "has other samples that do not decode than the manifest lists",
        "needless-samples": "holds samples after the last one of the interval",
        "item-times-differ": "begins or ends at other times than the manifest says",
        # with a ledger
        "log-entry-missing": "does not begin with an entry that names the log",
        "ledger-damaged": "is not what was signed: {why}",
        "checkpoint-differs": "has a checkpoint of size {size} that is not of its tree",
        "entry-misplaced": "begins anew at entry {index}",
        "entry-repeated": "repeats an act or misses an event before entry {index}",
        "continue-misplaced": "declares at entry {index} that it was cut elsewhere, or another root",
        "continue-unsigned": "cites at entry {index} a checkpoint that this log did not sign, or no later one",
        "entry-out-of-order": "has entry {index} ({type}) without what it needs before it",
    }
)

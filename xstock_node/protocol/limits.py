"""All bounds on what strangers may send, in one file. A charter may lower them, nothing raises them.

Source: protocol page `xs1`, Bounds and Endpoints. Sizes in bytes, times in seconds.
"""

KIB = 1024
MIB = 1024 * KIB

NODE_NAME = 100
RECORD_MIN = 2
RECORD = 8 * KIB
JSON_DEPTH = 16
INTEGER = 2**53 - 1
LAST_SECOND = 253_402_300_799  # the end of the year 9999
FREE_TEXT = 280
LEASE_MAX = 90 * 86_400
GOVERNANCE_MAX = 400 * 86_400  # vouches, charters, and whatever ends something
SIGNATURES_A_NOTE = 16

SEGMENT = 256  # xs1 5.3
HEAD_NOTE = 2 * KIB
IDENTITY_NOTE = 8 * KIB
CHARTER_NOTE = 64 * KIB
GOVERNORS = 64
AUDIENCE_NAMES = 100
FORK_NOTE = 8 * KIB
MESSAGE_NOTE = 64 * KIB
RECEIPT_NOTE = 2 * KIB
SIDE_LINES = 32
SIDE_LINE = 4 * KIB
BLOB = 5 * MIB
BLOBS = 16
CASE_BLOBS = 50 * MIB
PICTURE_PIXELS = 100_000_000
PICTURE_BYTES = 128 * MIB  # of a PNG, inflated
PICTURE_PARTS = 16_384  # chunks or segments
PICTURE_SCANS = 64
PDF_OBJECTS = 100_000
PDF_SECONDS = 20
PDF_MEMORY = 512 * MIB
APPLICATION = 8 * KIB
APPLICATIONS_WAITING = 100
RELAY_BLOB = 96 * KIB  # 64 KiB before sealing, and what stands around it
RELAY_BLOBS = 10
RELAY_BYTES = 512 * KIB
RELAY_SECONDS = 14 * 86_400
BUNDLE_ENTRY = 8 * MIB
BUNDLE_ENTRIES = 10_000
BUNDLE = 256 * MIB
LEAF_PROOF = 4 * KIB
COSIGNATURES = 16
ROOT_CHANGE = 72 * 3600  # a new root key vouched by governors waits this long, with an alarm
EXPIRED_GRACE = 30 * 86_400  # an expired charter or identity warns this long before it blocks what is new
LOGS_A_MEMBER = 8
PORTABLE_OFFER = 32 * KIB

GOSSIP_BODY = 256 * KIB
GOSSIP_NOTES = 256
PAGE_NOTES = 232  # of a page, leaving room for what is told beside it
PAGE_BYTES = 144 * KIB
ASIDES_TOLD = 16
REORDERED = 10.0  # seconds in which an answer may overtake another
CURSOR = 64
BUCKETS = 256  # single ones that a walk may ask for
BUCKETS_ABOVE = 1_000  # logs; below, a walk simply lists them
BUCKET_LOGS = 20_000
WALK_SECONDS = 600
UNKNOWN_NOTES = 1_024  # of origins that nobody stands for yet, kept until somebody may
ACTIVE_PEERS = 8
PASSIVE_PEERS = 32
PASSIVE_ROUND = 8  # one round in so many goes to a passive peer
SLOW_LINK = 64_000  # bytes a second below which records do not travel beside heads
FRAMES_BODY = 32 * KIB
STREAM_BODY = 8 * MIB
STREAM_LOGS = 256
STREAM_LINES = 262_144  # records are longer than 32 bytes; only poison lines are shorter
FRAME_HEADER = 256
ROOTS_A_REQUEST = 65_536
PULL_BODY = 64 * KIB
PROBLEM_BODY = 4 * KIB
SMALL_BODY = 256 * KIB

GZIP_RATIO = 32
GZIP_BYTES = 16 * MIB

CLOCK_WINDOW = 300
AHEAD = 600
FORKS_A_LOG = 16  # statements kept of one log
EPOCH_SPREAD = 64  # added at random where a clock is behind the last epoch
EPOCH_OVERLAP = 600
EXPIRY_GRACE = 3600
CLOCK_JUMP = 60

SMALL_BODY_SECONDS = 30
STREAM_FIRST_BYTE = 10
STREAM_RATE = KIB  # bytes a second, over STREAM_RATE_WINDOW
STREAM_RATE_WINDOW = 30
STREAM_SECONDS = 15 * 60
CONNECT_SECONDS = 10
KEEP_ALIVE = 75
LINGERING = 1
HEADER_LINE = 8190

REQUESTS_A_SECOND = 10
REQUESTS_BURST = 50
BYTES_A_MINUTE = 64 * MIB
OPEN_REQUESTS_A_SECOND = 1
OPEN_BURST = 20
KNOCKS_A_SECOND = 0.2  # one-time codes that are tried on the local port, by all callers together
KNOCKS_BURST = 20
REQUESTS_AT_ONCE = 8
UNKNOWN_REFUSALS_BURST = 100  # refusals of nobody known that an address gets at once; later ones wait a second
UNKNOWN_REFUSALS_A_SECOND = 20
UNKNOWN_REFUSED_AFTER = 1.0
HELD_REQUESTS = 1024
HELD_A_MEMBER = 8

CREW = 10_000  # persons of a team, and days without help

LIVE_RECORDS = 50_000
WINDOW = 1_024  # records that a log keeps above its min at least before it rises
WINDOW_LIVE = 4  # ... or so many times its live offers
RECORDS_A_LOG = (WINDOW_LIVE + 1) * LIVE_RECORDS  # kept by such a window, and one renewal
GROWTH_BURST = 20_000
GROWTH_AN_HOUR = 2_000

HEARTBEAT = 3600
STALE_AFTER = 3 * HEARTBEAT
MERGE = 0.01  # seconds between two pushes to one peer; what comes meanwhile goes with the next
ROUND = 30.0
ROUND_MAX = 300.0
HOLD_FIRST = 25.0
HOLD_MAX = 240.0
HELD_AT = 3
FAN_OUT = 3
BACK_OFF = 30.0
BACK_OFF_MAX = 1800.0

IMPORT_FILE = 64 * MIB
READER_SECONDS = 60
READER_MEMORY = 1024 * MIB
READER_OUTPUT = 64 * MIB

PLUGIN_MEMORY = 1024 * MIB  # of address space, of an isolated plugin
PLUGIN_RESIDENT = 512 * MIB  # really used; above it the child is ended
PLUGIN_THREADS = 48
PLUGIN_FILES = 128
PLUGIN_START = 20.0
PLUGIN_CALL = 30.0
PLUGIN_SNAPSHOT = 900.0
PLUGIN_SILENCE = 60.0  # between two lines of a snapshot
PLUGIN_GRACE = 2.0  # for a call that was cut short to end; then its process is ended
PLUGIN_FRAME = 8 * MIB
PLUGIN_DRAIN = 30.0  # for a plugin to read what it is told; then its process is ended
PLUGIN_BYTES_A_SECOND = 32 * MIB  # of what a plugin says; more waits
PLUGIN_QUEUE = 8  # frames that wait for the node; a plugin that says more waits
PLUGIN_ITEMS = 128  # values in a frame of a stream
PLUGIN_STREAM = 128 * MIB  # of one reading
PLUGIN_ADAPTERS = 200
PLUGIN_CALLS_AT_ONCE = 16
PLUGIN_ASKS_AT_ONCE = 16
PLUGIN_LINES = 200_000
PLUGIN_LOG_LINES = 600  # an hour
PLUGIN_BACK_OFF = 5.0
PLUGIN_BACK_OFF_MAX = 900.0
PLUGIN_RETRY_MAX = 3600.0  # by the word of another system
PLUGIN_HTTP_AT_ONCE = 4
PLUGIN_HTTP_SECONDS = 120.0
PLUGIN_HTTP_LEAST = 1.0
PLUGIN_WAYS = 8  # lists of hosts that a plugin may reach, by its settings; older ones are closed
PLUGIN_HTTP_HEADERS = 200
PLUGIN_HTTP_ANSWER = 7 * MIB  # with its headers it fits a frame
PLUGIN_STORE = 16 * MIB  # keys, streams and values of one plugin
PLUGIN_STORE_KEY = 120
PLUGIN_STORE_VALUE = 1 * MIB
PLUGIN_STORE_READ = 1000
PLUGIN_STORE_READ_BYTES = 4 * MIB  # of an answer; the rest is read from there on
PLUGIN_STORE_WRITE = 10_000  # keys, or things to append, of one write
PLUGIN_MANIFEST = 16 * KIB
PLUGIN_PUBLIC_BODY = 1 * MIB  # of a route; its manifest may say less
PLUGIN_PUBLIC_ANSWER = 2 * MIB
PLUGIN_PUBLIC_RATE = 6000  # requests a minute and caller, at most
PLUGIN_PUBLIC_AT_ONCE = 64
PLUGIN_PUBLIC_AN_ADDRESS = 16  # of these, from one address
PLUGIN_PUBLIC_SECONDS = 10.0  # for a body to come
PLUGIN_MISSES_A_SECOND = 1.0  # of an address, for what is not there
PLUGIN_MISSES_BURST = 20
PLUGIN_FORM = 16 * KIB
PLUGIN_FORM_FIELDS = 60
PLUGIN_SVG = 256 * KIB
MESSAGE = 3 * MIB  # of another system; as it came, and as it is read, it fits a frame
MESSAGES = 50_000  # of other systems, kept; the oldest without a draft make room
MESSAGES_A_CHAIN = 2000
MESSAGES_A_DOCUMENT = 200
MESSAGE_SECONDS = 10.0
ALERTS = 20_000  # public warnings and words on them, kept
ALERT_WORDS = 1000  # of one warning; older ones are forgotten
ALERT_DAYS = 30  # after the end of a warning
MARKUP_DEPTH = 60
MARKUP_ELEMENTS = 60_000
MARKUP_ATTRIBUTES = 60
MESSAGE_FEW = 100
MESSAGE_MANY = 5000
POLYGON = 5000  # points
TOWNS_WAITING = 100  # applications by the public form
TOWNS = 1000  # kept in all
TOWN_NAME = 120
TOWN_WORD = 35
TOWN_AREAS = 20
TOWN_LANGUAGES = 8
TOWN_KEY = 64
TOWN_NEEDS = 10  # open ones of a town
TOWN_KEPT = 90 * 86_400  # seconds after an application ended, or waited in vain
ARRIVALS = 20_000
ARRIVAL_PEOPLE = 1_000_000  # of one note
ARRIVAL_CELLS = 500  # shown to the public, the newest
IMPACT_NOTES = 20_000
IMPACT_FILE = 4 * MIB
IMPACT_TEXT = 200

PUSH_BYTES = 4 * MIB
REFUSALS_BURST = 20
REFUSALS_A_SECOND = 0.05


def records_a_log(live: int) -> int:
    """How many records above its min a log may have where a charter allows so many live ones (xs1 21.5)."""
    return min((WINDOW_LIVE + 1) * max(live, WINDOW), RECORDS_A_LOG)

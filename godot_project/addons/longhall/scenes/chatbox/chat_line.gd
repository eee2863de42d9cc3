extends RefCounted
## One line of a [ChatLog], and what is known of it.

enum Kind { SAID, NOTICE, UNREAD_MARK, DAY, MEMBERS, SKIPPED }
## How far a line of this player's own got.
enum Fate { SETTLED, UNANSWERED, ACCEPTED, UNCERTAIN }

const _MS_PER_SECOND: int = 1000
const _SECONDS_PER_DAY: int = 86_400
const _SECONDS_PER_MINUTE: int = 60

var kind: Kind = Kind.SAID
var fate: Fate = Fate.SETTLED
## Tells own lines that are not settled apart.
var id: int
## Its number in the channel; 0 if it has none.
var seq: int
var sender: String
var text: String
var sent_at_ms: int
var is_own: bool
var is_mention: bool
var is_edited: bool
var is_deleted: bool
## The game itself said it: it has no sender.
var is_system: bool
## The players who came and who left, of [constant Kind.MEMBERS].
var joined: PackedStringArray = []
var left: PackedStringArray = []


## Seconds by which the local time is ahead of UTC.
static func time_zone_bias() -> int:
	var minutes: int = Time.get_time_zone_from_system()["bias"]
	return minutes * _SECONDS_PER_MINUTE


## The number of the local day of [param unix_ms].
static func day_of(unix_ms: int, bias: int) -> int:
	return floori((floori(unix_ms / float(_MS_PER_SECOND)) + bias) / float(_SECONDS_PER_DAY))


## Tells that [param username] came ([param has_joined]) or left, beside the others of
## [constant Kind.MEMBERS].
func tell_member(username: String, has_joined: bool) -> void:
	var here: PackedStringArray = joined if has_joined else left
	var there: PackedStringArray = left if has_joined else joined
	if username in there:
		# Back where they were: nothing to tell.
		there.remove_at(there.find(username))
	elif not username in here:
		here.append(username)
	joined = here if has_joined else there
	left = there if has_joined else here


## Whether its whole row is marked: it is this player's own, or calls them.
func is_marked() -> bool:
	return (is_own or is_mention) and kind == Kind.SAID and not is_deleted


## Its number in the channel, if somebody said it; else 0.
func number() -> int:
	return seq if kind == Kind.SAID else 0

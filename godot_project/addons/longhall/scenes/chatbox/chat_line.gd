extends RefCounted
## One line of a [ChatLog], and what is known of it.

enum Kind { SAID, NOTICE, UNREAD_MARK }
## How far a line of this player's own got.
enum Fate { SETTLED, UNANSWERED, ACCEPTED, UNCERTAIN }

var kind: Kind = Kind.SAID
var fate: Fate = Fate.SETTLED
## Tells own lines that are not settled apart.
var id: int
var sender: String
var text: String
var sent_at_ms: int
var is_own: bool
var is_mention: bool

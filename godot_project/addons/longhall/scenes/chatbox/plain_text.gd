extends RefCounted
## Text as others may have it: without what cannot be seen.
##
## The log keeps directions apart by marks, and strangers may say more of that kind. In
## a search field, a file or the name of a login, they would only be riddles.

# The flag of a country's part is written with characters that are nothing elsewhere.
const _FLAG: String = "(\\x{1F3F4}[\\x{E0020}-\\x{E007E}]+\\x{E007F})"
# Marks of direction, fillers, joiners of nothing, tags, and what ends in none of them.
const _NEVER_SEEN: String = (
	"[\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{7F}-\\x{84}\\x{86}-\\x{9F}\\x{AD}\\x{34F}\\x{61C}\\x{115F}"
	+ "\\x{1160}\\x{17B4}\\x{17B5}\\x{180E}\\x{200B}\\x{200E}\\x{200F}\\x{202A}-\\x{202E}"
	+ "\\x{2060}-\\x{206F}\\x{2800}\\x{3164}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFFB}"
	+ "\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E00FF}\\x{E01F0}-\\x{E0FFF}]"
)
# Joiners belong to the letters or signs they stand between, variants to what is before.
const _JOINER: String = "[\\x{200C}\\x{200D}]+"
const _VARIANT: String = "[\\x{FE00}-\\x{FE0F}\\x{E0100}-\\x{E01EF}]+"

static var _unseen: RegEx = RegEx.create_from_string(_FLAG + "|" + _NEVER_SEEN)
static var _loose: RegEx = RegEx.create_from_string(
	(
		"(*UCP)(?:(?<=^)|(?<=[\\s\\p{P}]))%s|%s(?=[\\s\\p{P}]|$)|(?:(?<=^)|(?<=\\s))%s"
		% [_JOINER, _JOINER, _VARIANT]
	)
)


## [param text] without what cannot be seen.
static func of(text: String) -> String:
	return _loose.sub(_unseen.sub(text, "$1", true), "", true)

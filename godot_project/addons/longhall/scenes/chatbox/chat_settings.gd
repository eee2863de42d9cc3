extends RefCounted
## The settings of a [Chatbox], for those of its parts that go by them. The chatbox hands
## them down, and says what each of these means.

# How lines read.
var line_format: String
var action_format: String
var show_timestamps: bool
var sender_colors: PackedColorArray
var highlight_mentions: bool
var insert_clicked_names: bool

# How many there may be, and how long.
var max_lines: int
var max_history_lines: int
var line_max_length: int
var max_unanswered: int
var frame_budget_ms: float

# The player whose chatbox it is, and what there is beside the lobby.
var username: String:
	set(value):
		if username != value:
			username = value
			_mention = _pattern_of(value)
var offers_channels: bool
var takes_commands: bool

var _mention: RegEx


## Whether [param player] is this player.
func is_me(player: String) -> bool:
	return player == username and not username.is_empty()


## Whether [param text] has this player's name as a word of its own.
func mentions_me(text: String) -> bool:
	return _mention != null and _mention.search(text) != null


func _pattern_of(player: String) -> RegEx:
	if player.is_empty():
		return null
	var quoted: String = "\\Q%s\\E" % player.replace("\\E", "")
	return RegEx.create_from_string("(*UCP)(?i)(?<![\\w-])%s(?![\\w-])" % quoted)

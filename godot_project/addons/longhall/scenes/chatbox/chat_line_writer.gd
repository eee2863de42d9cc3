extends RefCounted
## Writes lines into a [RichTextLabel], in colours of the theme.
##
## Names and texts are strangers' words: they go in as plain text and can neither
## become BBCode, nor start a line, nor turn around what stands beside them.

const Line := preload("chat_line.gd")

## Unicode's FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: right-to-left text
## between them cannot turn around what stands beside it.
const ISOLATE: String = "\u2068"
const POP_ISOLATE: String = "\u2069"

## How a line starts that tells what its sender does.
const ACTION: String = "/me "
## Two of these at the start are said as one, so that one can talk about commands.
const COMMAND: String = "/"

## Colours of other players' names, where nobody has chosen others.
const SENDER_COLORS: Array[Color] = [
	Color("#8fd0ff"),
	Color("#a3d98a"),
	Color("#ffa98f"),
	Color("#d8b4fe"),
	Color("#7fe0d0"),
	Color("#ffb3d1"),
	Color("#c7d46b"),
	Color("#b0c4ff"),
	Color("#9fe3b0"),
	Color("#e8a6f0"),
	Color("#d9c5a0"),
]

## Names told of those who came or left together; the others are counted.
const _NAMES_TOLD: int = 3
## Formats whose parts are kept. With more, all are forgotten: it is only time that they save.
const _FORMATS_KEPT: int = 8
const _MS_PER_MINUTE: float = 60_000.0
const _DAYS: PackedStringArray = [
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
]

static var _placeholder: RegEx = RegEx.create_from_string("\\{sender\\}|\\{text\\}")
# Characters that would end the line, or turn the direction of all that follows. Most
# texts have none, and are looked through once.
static var _unwanted: RegEx = RegEx.create_from_string(
	"[\\x{0}-\\x{1F}\\x{7F}-\\x{9F}\\x{2028}-\\x{202E}\\x{2066}-\\x{2069}\\x{FFF9}-\\x{FFFB}]"
)
# Characters that would end the line.
static var _breaking: RegEx = RegEx.create_from_string(
	"[\\x{0}-\\x{1F}\\x{7F}-\\x{9F}\\x{2028}\\x{2029}]"
)
# Characters that turn the direction of all that follows.
static var _turning: RegEx = RegEx.create_from_string(
	"[\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}\\x{FFF9}-\\x{FFFB}]"
)

var line_format: String
var action_format: String
var show_timestamps: bool
var sender_colors: PackedColorArray

var _label: RichTextLabel
# What a format is made of: all lines have one of two.
var _parts: Dictionary[String, PackedStringArray] = {}
# The minute in which the last line was said, and how it reads.
var _minute: int = -1
var _minute_text: String


func _init(label: RichTextLabel) -> void:
	_label = label


## Adds [param line] and ends it.
func write(line: Line) -> void:
	match line.kind:
		Line.Kind.NOTICE:
			_label.push_italics()
			_add(_isolated(_label.tr(line.text)), &"notice_color")
			_label.pop()
		Line.Kind.UNREAD_MARK:
			_write_between("—— %s ——" % _label.tr("New"), &"unread_color")
		Line.Kind.DAY:
			_write_between("—— %s ——" % _day(line.sent_at_ms), &"time_color")
		Line.Kind.SKIPPED:
			var count: int = line.seq
			var text: String = _label.tr_n(
				"%d older message is further up", "%d older messages are further up", count
			)
			_write_between(text % count, &"time_color")
		Line.Kind.MEMBERS:
			_write_members(line)
		_:
			_write_said(line)
	_label.newline()


func _write_between(text: String, color_name: StringName) -> void:
	_label.push_paragraph(HORIZONTAL_ALIGNMENT_CENTER)
	_add(text, color_name)
	_label.pop()


func _write_members(line: Line) -> void:
	var sentences: PackedStringArray = []
	if not line.joined.is_empty():
		sentences.append(_label.tr("%s joined") % _names(line.joined))
	if not line.left.is_empty():
		sentences.append(_label.tr("%s left") % _names(line.left))
	_label.push_italics()
	_add(" · ".join(sentences), &"time_color")
	_label.pop()


# "Ada", "Ada and Ben", "Ada, Ben and 3 others".
func _names(names: PackedStringArray) -> String:
	var told: PackedStringArray = []
	for name: String in names:
		told.append(_isolated(name))
	if told.size() == 1:
		return told[0]
	var last: String = told[-1]
	if told.size() > _NAMES_TOLD:
		var others: int = told.size() - _NAMES_TOLD + 1
		last = _label.tr_n("%d other", "%d others", others) % others
		told = told.slice(0, _NAMES_TOLD)
	return _label.tr("%s and %s") % [", ".join(told.slice(0, -1)), last]


# In the middle, where no player's line is, and without a name.
func _write_system(line: Line) -> void:
	_label.push_paragraph(HORIZONTAL_ALIGNMENT_CENTER)
	if show_timestamps:
		_add(_clock(line.sent_at_ms) + "  ", &"time_color")
	if line.is_deleted:
		_label.push_italics()
		_add(_label.tr("message deleted"), &"time_color")
	else:
		_label.push_bold()
		_add(_isolated(line.text), &"notice_color")
	_label.pop()
	_label.pop()


func _write_said(line: Line) -> void:
	if line.is_system:
		_write_system(line)
		return
	if show_timestamps:
		_add(_clock(line.sent_at_ms) + "  ", &"time_color")
	if line.is_deleted:
		_write_tombstone(line)
	else:
		_write_words(line)


func _write_tombstone(line: Line) -> void:
	_write_name(line)
	_label.push_italics()
	_add("  " + _label.tr("message deleted"), &"time_color")
	_label.pop()


func _write_words(line: Line) -> void:
	var acts: bool = line.text.begins_with(ACTION)
	if acts:
		_label.push_italics()
	# As few pieces as possible: the engine walks through all when a line leaves.
	var words: String = ""
	for part: String in _format_parts(_label.tr(action_format if acts else line_format)):
		match part:
			"{sender}":
				_add(words, _text_color_name(line))
				words = ""
				_write_name(line)
			"{text}":
				words += _isolated(spoken(line.text))
			_:
				words += part
	_add(words, _text_color_name(line))
	if acts:
		_label.pop()
	if line.is_edited:
		_add("  (%s)" % _label.tr("edited"), &"time_color")
	if line.fate == Line.Fate.UNCERTAIN:
		_label.push_italics()
		_add("  (%s)" % _label.tr("perhaps not sent"), &"uncertain_color")
		_label.pop()


func _write_name(line: Line) -> void:
	var is_link: bool = not line.is_own
	if is_link:
		# The name as data: nothing reads it as a path, an address or BBCode.
		_label.push_meta(line.sender, RichTextLabel.META_UNDERLINE_ON_HOVER)
	_label.push_bold()
	_label.push_color(_name_color(line))
	_label.add_text(_isolated(line.sender))
	_label.pop()
	_label.pop()
	if is_link:
		_label.pop()


func _add(text: String, color_name: StringName) -> void:
	if text.is_empty():
		return
	if color_name == &"default_color":
		_label.add_text(text)
		return
	_label.push_color(_color(color_name))
	_label.add_text(text)
	_label.pop()


func _color(color_name: StringName) -> Color:
	return _label.get_theme_color(color_name, &"Chatbox")


func _text_color_name(line: Line) -> StringName:
	if line.fate != Line.Fate.SETTLED:
		return &"pending_color"
	return &"own_text_color" if line.is_own else &"default_color"


func _name_color(line: Line) -> Color:
	if line.fate != Line.Fate.SETTLED:
		return _color(&"pending_color")
	if line.is_own or sender_colors.is_empty():
		return _color(&"own_name_color")
	return sender_colors[line.sender.hash() % sender_colors.size()]


# Splits "{sender}: {text}" into "{sender}", ": " and "{text}".
func _format_parts(format: String) -> PackedStringArray:
	if _parts.has(format):
		return _parts[format]
	if _parts.size() >= _FORMATS_KEPT:
		_parts.clear()
	var parts: PackedStringArray = []
	var from: int = 0
	for found: RegExMatch in _placeholder.search_all(format):
		parts.append(format.substr(from, found.get_start() - from))
		parts.append(found.get_string())
		from = found.get_end()
	parts.append(format.substr(from))
	_parts[format] = parts
	return parts


## [param text] without the command in front: what was typed as [code]/me waves[/code] or
## [code]//w is a command[/code].
static func spoken(text: String) -> String:
	if text.begins_with(ACTION):
		return text.trim_prefix(ACTION).strip_edges()
	if text.begins_with(COMMAND + COMMAND):
		return text.trim_prefix(COMMAND)
	return text


func _isolated(text: String) -> String:
	if _unwanted.search(text) != null:
		text = _turning.sub(_breaking.sub(text, " ", true), "", true)
	return ISOLATE + text + POP_ISOLATE


func _clock(sent_at_ms: int) -> String:
	var minute: int = floori(sent_at_ms / _MS_PER_MINUTE)
	if minute != _minute:
		_minute = minute
		_minute_text = Time.get_time_string_from_unix_time(_local(sent_at_ms)).left(5)
	return _minute_text


# "Today", "Yesterday", "Friday" within a week, else the date.
func _day(sent_at_ms: int) -> String:
	var bias: int = Line.time_zone_bias()
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	var days_ago: int = Line.day_of(now_ms, bias) - Line.day_of(sent_at_ms, bias)
	if days_ago == 0:
		return _label.tr("Today")
	if days_ago == 1:
		return _label.tr("Yesterday")
	var date: Dictionary = Time.get_date_dict_from_unix_time(_local(sent_at_ms))
	if days_ago > 1 and days_ago < _DAYS.size():
		var weekday: int = date["weekday"]
		return _label.tr(_DAYS[weekday])
	return _label.tr("{year}-{month}-{day}").format(
		{year = date["year"], month = "%02d" % date["month"], day = "%02d" % date["day"]}
	)


func _local(sent_at_ms: int) -> int:
	return floori(sent_at_ms / 1000.0) + Line.time_zone_bias()

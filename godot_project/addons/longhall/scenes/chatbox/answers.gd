extends Node
## What became of the lines that the player of a [Chatbox] has sent: taken, refused, or
## nobody knows.

const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Composer := preload("composer.gd")
const Line := preload("chat_line.gd")
const RefusalStrip := preload("refusal_strip.gd")

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _composer: Composer = %Composer
@onready var _strip: RefusalStrip = %Refusal
@onready var _input: ChatInput = %LineEdit


## Shows what there is to say of the tab in view.
func refresh() -> void:
	_strip.refusals = _tabs.current.refusals


## Whether lines can be sent, see [method Chatbox.set_online].
func set_online(online: bool) -> void:
	_strip.online = online
	if _composer.can_send():
		for tab: ChatTab in _tabs.all:
			tab.refusals.come_online()


## The line was taken, see [method Chatbox.line_accepted].
func accept(id: int, seq: int) -> void:
	id = _unanswered(id)
	var tab: ChatTab = _tabs.with_pending(id)
	if tab != null:
		tab.chat_log.set_fate(id, Line.Fate.ACCEPTED, seq)


## The line was taken where the player is no longer.
func drop(id: int) -> void:
	var tab: ChatTab = _tabs.with_pending(id)
	if tab != null:
		tab.chat_log.take_pending(id)


## The line may have been said; [param why] returns why nobody knows.
func doubt(id: int, why: Callable) -> void:
	id = _unanswered(id)
	var tab: ChatTab = _tabs.with_pending(id)
	_tabs.is_stale = true
	if tab == null:
		tab = _tabs.current
	tab.chat_log.set_fate(id, Line.Fate.UNCERTAIN)
	tab.refusals.doubt(
		_count_uncertain(tab), func() -> String: return tr("Perhaps not sent: %s") % why.call()
	)


## The line was refused; [param why] returns why. Its text comes back.
func refuse(id: int, why: Callable) -> void:
	id = _unanswered(id)
	var tab: ChatTab = _tabs.with_pending(id)
	_tabs.is_stale = true
	var not_sent: Callable = func() -> String: return tr("Not sent: %s") % why.call()
	if tab == null:
		_tabs.current.refusals.hint(not_sent)
		return
	var text: String = tab.chat_log.take_pending(id).text
	if _composer.hold(tab, text):
		tab.refusals.hint(not_sent)
	else:
		tab.refusals.refuse(text, not_sent)


## The command or the change of a line was refused. Its text comes back.
func refuse_command(channel: String, text: String, why: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab == null:
		tab = _tabs.current
	tab.refusals.hint(func() -> String: return why)
	_composer.hold(tab, text)


## Nobody will say any more what became of the lines that were taken.
func settle_accepted() -> void:
	for tab: ChatTab in _tabs.all:
		tab.chat_log.settle_accepted()


## All that was typed and is not taken.
func unsent_text() -> String:
	var texts: Array[String] = []
	_composer.keep_draft()
	for tab: ChatTab in _tabs.all:
		texts.append_array(tab.refusals.refused)
		for fate: Line.Fate in [Line.Fate.UNCERTAIN, Line.Fate.UNANSWERED]:
			for line: Line in tab.chat_log.pending_with(fate):
				texts.append(line.text)
		texts.append(tab.draft)
	return " ".join(texts.filter(func(text: String) -> bool: return not text.is_empty()))


# The line that is meant: the oldest one, if [param id] names none.
func _unanswered(id: int) -> int:
	if id > 0:
		return id
	var oldest: int = 0
	for tab: ChatTab in _tabs.all:
		var waiting: Array[Line] = tab.chat_log.pending_with(Line.Fate.UNANSWERED)
		if not waiting.is_empty() and (oldest == 0 or waiting[0].id < oldest):
			oldest = waiting[0].id
	return oldest


func _count_uncertain(tab: ChatTab) -> int:
	return tab.chat_log.pending_with(Line.Fate.UNCERTAIN).size()


func _on_refusal_edit_requested(text: String) -> void:
	_input.hold(text if _input.text.is_empty() else text + " " + _input.text)
	_input.edit()


func _on_refusal_send_again_requested() -> void:
	var tab: ChatTab = _tabs.current
	var line: Line = tab.chat_log.pending_with(Line.Fate.UNCERTAIN)[0]
	tab.chat_log.take_pending(line.id)
	tab.refusals.uncertain = _count_uncertain(tab)
	_composer.say(line.text)
	_input.edit()


func _on_refusal_dismissed() -> void:
	var chat_log: ChatLog = _tabs.current.chat_log
	for line: Line in chat_log.pending_with(Line.Fate.UNCERTAIN):
		chat_log.take_pending(line.id)
	_input.edit()

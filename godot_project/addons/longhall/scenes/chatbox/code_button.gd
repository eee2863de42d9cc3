extends Button
## The code of a channel for a match or a party, which others come in by. Copies it when pressed.

## How long it says so.
const _TOLD_SECONDS: float = 2.0

## The code; without one there is no button.
var code: String = "":
	set(value):
		if value != code:
			code = value
			_press += 1
			_say(_told())

var _press: int = 0


func _ready() -> void:
	pressed.connect(_on_pressed)
	_say(_told())


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		_say(_told())


func _told() -> String:
	return tr("Code %s") % code


func _say(sentence: String) -> void:
	visible = not code.is_empty()
	text = sentence
	tooltip_text = tr("Copy the code, for others to join by")
	accessibility_name = "%s. %s" % [_told(), tooltip_text]


func _on_pressed() -> void:
	DisplayServer.clipboard_set(code)
	_say(tr("Copied"))
	_press += 1
	# Not awaited: the scene may be gone by then.
	var told: SceneTreeTimer = get_tree().create_timer(_TOLD_SECONDS)
	told.timeout.connect(_end_telling.bind(_press))


func _end_telling(press: int) -> void:
	if press == _press:
		_say(_told())

extends MarginContainer
## What an account takes on this server, below the form of the [LoginScreen]: a sentence, the field
## for an invite, and the way in without an account. Not there where everybody may register and
## nobody is a guest.

## The player wants to come in without an account.
signal guest_requested

## What is to be known before one registers, by [member NetworkClient.registration_mode].
const SENTENCES: Dictionary[String, String] = {
	"approval": "A moderator lets new accounts in",
	"closed": "registration_closed",
}

## The invite code that was typed; empty where none is asked for.
var invite: String:
	get:
		return _invite.text.strip_edges() if _invite.visible else ""

var _is_wanted: bool = false

@onready var _sentence: Label = %Label_Entrance
@onready var _invite: LineEdit = %LineEdit_Invite
@onready var _guest: Button = %Button_Guest
@onready var _register: Button = %Button_Register


## Shows what a server takes: a [param mode] of [member NetworkClient.registration_mode], and
## whether there may be guests.
func show_what_it_takes(mode: String, takes_guests: bool) -> void:
	_sentence.text = SENTENCES.get(mode, "")
	_sentence.visible = not _sentence.text.is_empty()
	_invite.visible = mode == "invite"
	_guest.visible = takes_guests
	_register.visible = mode != "closed"
	_is_wanted = _sentence.visible or _invite.visible or takes_guests
	visible = _is_wanted


## Locks it while a request is under way or there is no connection; [param is_form_shown] is
## whether there is a form above it.
func set_locked(locked: bool, is_form_shown: bool) -> void:
	_invite.editable = not locked
	_guest.disabled = locked
	visible = _is_wanted and is_form_shown


## Puts the cursor where the invite is typed.
func edit_invite() -> void:
	_invite.edit()
	_invite.select_all()


func _on_button_guest_pressed() -> void:
	guest_requested.emit()

package tenancy

import "github.com/veranda-go/veranda"

// The states of a delivery.
const (
	deliveryQueued      = "queued"      // to be sent, or to be tried again
	deliverySent        = "sent"        // the mail server or the provider took it
	deliveryDelivered   = "delivered"   // reported to have arrived
	deliveryUndelivered = "undelivered" // taken, and reported not to have arrived
	deliveryFailed      = "failed"      // refused for good, or nothing that could be sent any more
	deliveryGivenUp     = "given_up"    // tried for half a day
)

// deliveryStates are all of them.
var deliveryStates = []string{deliveryQueued, deliverySent, deliveryDelivered, deliveryUndelivered, deliveryFailed, deliveryGivenUp}

// Kinds of events about what is sent; their subject is the delivery's id.
const (
	// EventDeliveryUndelivered says that something was taken and came back.
	EventDeliveryUndelivered = "tenancy.delivery_undelivered" // DeliveryFailed
	// EventDeliverySentAgain says that somebody had something sent again.
	EventDeliverySentAgain = "tenancy.delivery_sent_again" // DeliverySentAgain
	// EventAddressBounced says that mail to an address came back, so that nothing is sent there any more; the subject is the
	// account's id.
	EventAddressBounced = "tenancy.address_bounced" // AddressBounced
)

// DeliverySentAgain is the data of EventDeliverySentAgain.
type DeliverySentAgain struct {
	Template string     `json:"template"`
	As       DeliveryID `json:"as"`
}

// AddressBounced is the data of EventAddressBounced.
type AddressBounced struct {
	Address string `json:"address"`
	Reason  string `json:"reason"`
}

// Refusals to send something again.
var (
	// ErrDeliveryNotFailed refuses to send again what did not fail.
	ErrDeliveryNotFailed = veranda.NewError(veranda.CodeConflict, "delivery.not_failed", "Only what failed can be sent again.")
	// ErrDeliverySentAgain refuses to send again what was sent again already.
	ErrDeliverySentAgain = veranda.NewError(veranda.CodeConflict, "delivery.sent_again", "It was sent again already.")
	// ErrDeliveryLinkEnded refuses to send a link again that works no more.
	ErrDeliveryLinkEnded = veranda.NewError(veranda.CodeConflict, "delivery.link_ended", "Its link was used, withdrawn or has expired.")
	// ErrDeliveryBounced refuses to write to an address whose mail came back.
	ErrDeliveryBounced = veranda.NewError(veranda.CodeConflict, "delivery.bounced", "Mail to this address came back; its owner must prove it first.")
)

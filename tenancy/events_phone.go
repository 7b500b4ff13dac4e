package tenancy

// Kinds of events about the phone numbers of an account, and about accounts that were reserved. As all events about
// accounts they belong to no organization; the subject is the account's id.
const (
	EventAccountActivated = "tenancy.account_activated" // AccountActivated; a reserved account has become its owner's
	EventPhoneAdded       = "tenancy.phone_added"       // PhoneChanged
	EventPhoneConfirmed   = "tenancy.phone_confirmed"   // PhoneChanged
	EventPhoneRemoved     = "tenancy.phone_removed"     // PhoneChanged
)

// AccountActivated is the data of EventAccountActivated.
type AccountActivated struct {
	// By is the address or phone number that was proved by it.
	By string `json:"by"`
}

// PhoneChanged names a phone number of the account.
type PhoneChanged struct {
	Phone string `json:"phone"`
}

package tenancy

import (
	"github.com/veranda-go/veranda"
)

// identity is what somebody says who they are by: an address or a phone number.
type identity struct {
	Address Address
	Phone   string // E.164
}

// checkIdentity reads the one of both that is given.
func checkIdentity(c *veranda.Checks, address, phone string) identity {
	switch {
	case address != "" && phone != "":
		c.Add("/phone", "exclusive", "must not be given beside an address")
		return identity{}
	case phone != "":
		return identity{Phone: checkPhone(c, "/phone", phone)}
	}
	return identity{Address: checkAddress(c, "/address", address)}
}

// key is what is compared and counted.
func (i identity) key() string {
	if i.Phone != "" {
		return i.Phone
	}
	return i.Address.Key
}

// selectSigner is the text that finds who signs in.
func (i identity) selectSigner() string {
	if i.Phone != "" {
		return selectPhoneOwner
	}
	return selectAccountByAddress
}

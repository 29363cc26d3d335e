package config

import (
	"fmt"
	"slices"
	"strings"

	"lostlink/report/bulk"
	"lostlink/report/push"
)

func (k *checker) bulk(path string, v bulking) bulk.Settings {
	s := bulk.Settings{Platform: v.Platform, Credit: bulk.Credit(v.Credit),
		ClickDays: k.atLeast(path+".click_days", v.ClickDays, 0), RowsMax: k.atLeast(path+".rows_max", v.RowsMax, 0)}
	p := bulk.Get(v.Platform)
	if p == nil {
		k.fault(path+".platform", v.Platform, "is no platform that is known", "write one of "+strings.Join(bulk.Names(), ", "))
	}
	if !slices.Contains(bulk.Credits(), s.Credit) {
		k.fault(path+".credit", v.Credit, "is no way to credit", "write transaction, reward or ask")
	}
	file := func(at, name string) {
		if p != nil && !slices.Contains(p.FileNames(), name) {
			k.fault(at, name, "is no file of "+p.Title+" that has columns", "write one of "+strings.Join(p.FileNames(), ", "))
		}
	}
	for i, t := range v.Templates {
		at := fmt.Sprintf("%s.templates[%d]", path, i)
		file(at+".file", t.File)
		if t.Path == "" {
			k.fault(at+".path", "", "is empty", "name the template that was downloaded from the platform")
		}
		if slices.ContainsFunc(s.Templates, func(o bulk.Template) bool { return o.File == t.File }) {
			k.fault(at+".file", t.File, "has a template already", "keep one template a file")
		}
		s.Templates = append(s.Templates, bulk.Template(t))
	}
	for i, c := range v.Columns {
		at := fmt.Sprintf("%s.columns[%d]", path, i)
		file(at+".file", c.File)
		k.value(at+".to", c.To, bulk.CheckHead(c.To))
		switch {
		case c.From != "" && c.Value != "":
			k.fault(at, "", "has both from and value", "keep one of them")
		case c.From != "" && !slices.Contains(bulk.FieldNames(), c.From):
			k.fault(at+".from", c.From, "is nothing that a column can be filled from", "write one of "+strings.Join(bulk.FieldNames(), ", "))
		case c.Value != "":
			k.value(at+".value", c.Value, bulk.CheckValue(c.Value))
		}
		s.Columns = append(s.Columns, bulk.Column(c))
	}
	return s
}

func (k *checker) push(path string, v pushing) push.Settings {
	s := push.Settings{Address: strings.TrimSuffix(v.Address, "/"), ConversionAddress: strings.TrimSuffix(v.ConversionAddress, "/"), PublicKey: v.PublicKey,
		SecretKeyFile: v.SecretKeyFile, TokenFile: v.TokenFile, SettleSeconds: k.atLeast(path+".settle_seconds", v.SettleSeconds, 0)}
	for _, a := range []struct{ key, address string }{{".address", s.Address}, {".conversion_address", s.ConversionAddress}} {
		if wrong := push.CheckAddress(a.address); wrong != "" {
			// The address may hold a password.
			k.fault(path+a.key, "", wrong, "write https:// and what follows, without a key")
		}
	}
	if strings.ContainsAny(s.PublicKey, ": \t") {
		k.fault(path+".public_key", "", "is no public key", "write the public key alone; the secret key has a file of its own")
	}
	return s
}

package main

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"lostlink/ingest/simulate"
)

// layout is how a Parquet file is laid out.
type layout struct {
	codec     compress.Codec
	groupRows int64
	pageBytes int
}

// Parquet files come as DuckDB writes them, which many exports are made with:
// row groups of 122,880 rows with one page a column. The third layout has small
// pages with an index, which suits everybody better.
var (
	layoutZstd   = layout{&parquet.Zstd, 122_880, 64 << 20}
	layoutSnappy = layout{&parquet.Snappy, 122_880, 64 << 20}
	layoutPages  = layout{&parquet.Zstd, 1 << 20, 256 << 10}
)

// clickRow is lostlink's own table of clicks. What has few values is
// dictionary-coded.
type clickRow struct {
	ClickedAt  int64   `parquet:"clicked_at,timestamp(microsecond),plain"`
	PartnerKey string  `parquet:"partner_key,dict"`
	ClickID    string  `parquet:"click_id,plain"`
	LinkID     string  `parquet:"link_id,plain"`
	LandingURL string  `parquet:"landing_url,plain"`
	Referrer   *string `parquet:"referrer,dict,optional"`
	VisitorID  string  `parquet:"visitor_id,plain"`
	Email      *string `parquet:"email,dict,optional"`
	IP         string  `parquet:"ip,plain"`
	UserAgent  string  `parquet:"user_agent,dict"`
	Country    string  `parquet:"country,dict"`
}

// parquetClicks writes clicks as rows of values, which spares making a struct
// of each.
func parquetClicks(l layout) func(*simulate.Scale, io.Writer, int, int) error {
	return func(s *simulate.Scale, w io.Writer, from, to int) error {
		schema := parquet.SchemaOf(clickRow{})
		out := parquet.NewWriter(w, schema, parquet.Compression(l.codec), parquet.MaxRowsPerRowGroup(l.groupRows), parquet.PageBufferSize(l.pageBytes),
			parquet.CreatedBy("lostlink", "bench", ""))
		at := map[string]int{}
		for i, path := range schema.Columns() {
			at[path[0]] = i
		}
		row := make(parquet.Row, len(at))
		set := func(name string, v parquet.Value, optional bool) {
			level := 0
			if optional && !v.IsNull() {
				level = 1
			}
			row[at[name]] = v.Level(0, level, at[name])
		}
		text := func(b []byte) parquet.Value { return parquet.ByteArrayValue(b) }
		maybe := func(b []byte) parquet.Value {
			if len(b) == 0 {
				return parquet.NullValue()
			}
			return parquet.ByteArrayValue(b)
		}
		rows := []parquet.Row{row}
		var partner, referrer, agent, country []byte
		err := s.EachClick(from, to, func(c *simulate.ScaleClick) error {
			partner, referrer = append(partner[:0], c.PartnerKey...), append(referrer[:0], c.Referrer...)
			agent, country = append(agent[:0], c.UserAgent...), append(country[:0], c.Country...)
			set("clicked_at", parquet.Int64Value(int64(c.At)), false)
			set("partner_key", text(partner), false)
			set("click_id", text(c.ClickID), false)
			set("link_id", text(c.LinkID), false)
			set("landing_url", text(c.LandingURL), false)
			set("referrer", maybe(referrer), true)
			set("visitor_id", text(c.VisitorID), false)
			set("email", maybe(c.Email), true)
			set("ip", text(c.IP), false)
			set("user_agent", text(agent), false)
			set("country", text(country), false)
			_, err := out.WriteRows(rows)
			return err
		})
		if err != nil {
			return err
		}
		return out.Close()
	}
}

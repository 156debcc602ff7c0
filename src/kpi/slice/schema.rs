//! How the API's description shows the parts of a question. It says all that the parser requires, as far as JSON Schema
//! can: what it cannot say (that a range begins before it ends) is answered 422, not 400.

use std::borrow::Cow;

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ArrayItems, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Dim, Every, Period, RowSelection, Slice, Window};
use crate::clock::Time;
use crate::kpi::KpiId;
use crate::text::Label;

impl ToSchema for Slice {}

impl PartialSchema for Slice {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let pair = ArrayBuilder::new()
            .prefix_items([text().enum_values(Some(Dim::ALL.map(Dim::key))), text()])
            .items(ArrayItems::False)
            .min_items(Some(2))
            .max_items(Some(2));
        ArrayBuilder::new().items(pair).description(Some("Pairs of a dimension and its value.")).into()
    }
}

impl ToSchema for Every {}

impl PartialSchema for Every {
    fn schema() -> RefOr<Schema> {
        let whole = || ObjectBuilder::new().schema_type(Type::Integer);
        let minutes = whole().enum_values(Some((1..=1440_u32).filter(|minutes| 1440 % minutes == 0)));
        let days = whole().minimum(Some(1)).maximum(Some(u32::MAX));
        OneOfBuilder::new().item(variant("minutes", minutes)).item(variant("days", days)).into()
    }
}

impl ToSchema for Period {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Over")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Window::name().into_owned(), Window::schema()));
    }
}

impl PartialSchema for Period {
    fn schema() -> RefOr<Schema> {
        let range = ArrayBuilder::new().items(Time::schema()).min_items(Some(2)).max_items(Some(2));
        OneOfBuilder::new()
            .item(variant("window", Ref::from_schema_name(Window::name())))
            .item(variant("range", range))
            .into()
    }
}

impl ToSchema for RowSelection {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((KpiId::name().into_owned(), KpiId::schema()));
    }
}

impl PartialSchema for RowSelection {
    fn schema() -> RefOr<Schema> {
        let of = ArrayBuilder::new().items(Label::schema());
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX));
        let first = ObjectBuilder::new()
            .property("kpi", Ref::from_schema_name(KpiId::name()))
            .property("descending", ObjectBuilder::new().schema_type(Type::Boolean))
            .property("limit", limit)
            .required("kpi")
            .required("descending")
            .required("limit");
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["all"])))
            .item(variant("of", of))
            .item(variant("first", first))
            .description(Some("Which rows of an answer are wanted. The total is that of all rows in any case."))
            .into()
    }
}

/// An object with this one field.
fn variant(name: &str, schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    ObjectBuilder::new()
        .property(name, schema)
        .required(name)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

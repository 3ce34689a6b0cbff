//! Drops the options and the extensions of a `.proto` file.
//!
//! They are for other tools, and often from files that are not there, such as
//! `google/api/annotations.proto`. Three options stay, because they change what
//! is sent or may be declared: `packed`, `allow_alias`, and `json_name`, which
//! the parser has made a part of its field.

use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, MessageOptions, UninterpretedOption,
};

/// Drops the options and extensions of a file, and says whether any of them could
/// come from another file.
pub(super) fn drop_options(file: &mut FileDescriptorProto) -> bool {
    let mut custom = CustomOptions(!file.extension.is_empty());
    file.extension.clear();
    if let Some(options) = file.options.take() {
        custom.record(&options.uninterpreted_option);
    }
    for message in &mut file.message_type {
        custom.drop_from_message(message);
    }
    for values in &mut file.enum_type {
        custom.drop_from_enum(values);
    }
    for service in &mut file.service {
        if let Some(options) = service.options.take() {
            custom.record(&options.uninterpreted_option);
        }
        for method in &mut service.method {
            if let Some(options) = method.options.take() {
                custom.record(&options.uninterpreted_option);
            }
        }
    }
    custom.0
}

/// Whether there was an extension, or an option whose name is in brackets.
struct CustomOptions(bool);

impl CustomOptions {
    fn record(&mut self, options: &[UninterpretedOption]) {
        let mut names = options.iter().flat_map(|option| &option.name);
        self.0 |= names.any(|part| part.is_extension);
    }

    fn drop_from_message(&mut self, message: &mut DescriptorProto) {
        self.0 |= !message.extension.is_empty();
        message.extension.clear();
        if let Some(options) = message.options.take() {
            self.record(&options.uninterpreted_option);
            // The parser marks the entry of a map by this option, without which a
            // map is a list of messages.
            message.options = options.map_entry.map(|map_entry| MessageOptions {
                map_entry: Some(map_entry),
                ..MessageOptions::default()
            });
        }
        for range in &mut message.extension_range {
            if let Some(options) = range.options.take() {
                self.record(&options.uninterpreted_option);
            }
        }
        for choice in &mut message.oneof_decl {
            if let Some(options) = choice.options.take() {
                self.record(&options.uninterpreted_option);
            }
        }
        for field in &mut message.field {
            self.drop_from_field(field);
        }
        for values in &mut message.enum_type {
            self.drop_from_enum(values);
        }
        for inner in &mut message.nested_type {
            self.drop_from_message(inner);
        }
    }

    fn drop_from_field(&mut self, field: &mut FieldDescriptorProto) {
        let Some(options) = field.options.take() else {
            return;
        };
        self.record(&options.uninterpreted_option);
        let packed = find_flag(&options.uninterpreted_option, "packed").or(options.packed);
        field.options = packed.map(|packed| FieldOptions {
            packed: Some(packed),
            ..FieldOptions::default()
        });
    }

    fn drop_from_enum(&mut self, values: &mut EnumDescriptorProto) {
        if let Some(options) = values.options.take() {
            self.record(&options.uninterpreted_option);
            let alias = find_flag(&options.uninterpreted_option, "allow_alias");
            values.options = alias.or(options.allow_alias).map(|alias| EnumOptions {
                allow_alias: Some(alias),
                ..EnumOptions::default()
            });
        }
        for value in &mut values.value {
            if let Some(options) = value.options.take() {
                self.record(&options.uninterpreted_option);
            }
        }
    }
}

/// The value of an option that is `true` or `false`.
fn find_flag(options: &[UninterpretedOption], name: &str) -> Option<bool> {
    let option = options.iter().find(|option| match option.name.as_slice() {
        [part] => !part.is_extension && part.name_part == name,
        _ => false,
    });
    Some(option?.identifier_value.as_deref() == Some("true"))
}

// Stands in for protobuf-es's JSON, which nothing here speaks. What is missing here fails the build.
const no = () => {
  throw new Error("no JSON is spoken here");
};
export {
  no as enumFromJson,
  no as enumToJson,
  no as fromJson,
  no as fromJsonString,
  no as isEnumJson,
  no as mergeFromJson,
  no as mergeFromJsonString,
  no as toJson,
  no as toJsonString,
};

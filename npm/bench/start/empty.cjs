exports.decode = undefined;

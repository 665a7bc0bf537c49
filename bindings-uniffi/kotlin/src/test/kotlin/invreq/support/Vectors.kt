package invreq.support

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.nio.file.Files
import java.nio.file.Path

/** The root of the workspace: Maven runs the tests in the folder of the package. */
val root: Path = Path.of("../..").toAbsolutePath().normalize()

/** The shared test vectors. */
private val vectors: Path = root.resolve("tests/vectors")

fun json(path: String): JsonElement = JsonParser.parseString(Files.readString(vectors.resolve(path)))

fun lines(path: String): List<JsonObject> =
    Files.readAllLines(vectors.resolve(path)).filter { it.isNotEmpty() }.map { JsonParser.parseString(it).asJsonObject }

fun JsonArray.objects(): List<JsonObject> = map { it.asJsonObject }

/** A text; `null` where there is none. */
fun JsonObject.text(name: String): String? = get(name)?.takeUnless { it.isJsonNull }?.asString

fun String.unhex(): ByteArray = ByteArray(length / 2) { substring(it * 2, it * 2 + 2).toInt(16).toByte() }

fun ByteArray.hex(): String = joinToString("") { "%02x".format(it) }

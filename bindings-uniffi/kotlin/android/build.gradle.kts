// The library for Android: the facade and the glue of the jar, and libraries for its machines. See README.md.

plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
    id("maven-publish")
}

group = "io.github.invreq"
version = "0.1.0"

/** What `cargo xtask build kotlin` makes. */
val made = file("../target")

android {
    namespace = "invreq"
    compileSdk = 36
    ndkVersion = "28.2.13676358"

    defaultConfig {
        minSdk = 26
        // To the apps that use the library: its own rules would shrink only itself.
        consumerProguardFiles("../src/main/resources/META-INF/proguard/invreq.pro")
        ndk { abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64") }
    }

    sourceSets["main"].apply {
        kotlin.srcDirs("../src/main/kotlin", made.resolve("glue"))
        jniLibs.srcDirs(layout.buildDirectory.dir("jniLibs"))
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    publishing {
        singleVariant("release") { withSourcesJar() }
    }
}

kotlin {
    compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11 }
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    // As an AAR: it brings JNA's own library for each machine.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
}

/** The library for each machine, as cargo-ndk lays it out: jniLibs/ABI/libinvreq_uniffi.so. */
val buildRust by tasks.registering(Exec::class) {
    workingDir = file("../../..")
    // Pages of 16 KB, which Android 15 and later may have, want the parts of a library aligned to them.
    environment("RUSTFLAGS", "-Clink-arg=-Wl,-z,max-page-size=16384")
    commandLine(
        "cargo", "ndk",
        "--platform", "26",
        "--target", "arm64-v8a", "--target", "armeabi-v7a", "--target", "x86_64",
        "--output-dir", layout.buildDirectory.dir("jniLibs").get().asFile.path,
        "build", "--locked", "--profile", "native", "-p", "invreq-uniffi",
    )
}

tasks.named("preBuild") { dependsOn(buildRust) }

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "invreq-android"
            afterEvaluate { from(components["release"]) }
        }
    }
}

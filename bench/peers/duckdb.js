// DuckDB as a peer.
//
//   duckdb.js load RAW_DIR PARTITIONS DIR     DIR/history.duckdb, DIR/v1.parquet, DIR/v2.parquet
//   duckdb.js serve FILE THREADS [SQL]        the work W on one of them, as serving.py says
"use strict";
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
// The package lives in the build directory, not beside this file.
const installed = createRequire(path.join(process.env.PGSKEW_BENCH_MODULES || process.cwd(), "x"));
const { DuckDBInstance, DuckDBDataChunk, TIMESTAMP, INTEGER, BIGINT } =
    installed("@duckdb/node-api");

const METRICS = ["chunk_count", "document_count", "size_bytes", "chunks_last_hour",
    "chunks_last_day"];
const CHUNK_ROWS = 2048;
const HOUR_US = 3600000000n;

function readInt64(file) {
    const bytes = fs.readFileSync(file);
    return new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
}

async function append(connection, raw, parts) {
    const taken = readInt64(path.join(raw, "taken_us.i64"));
    const files = METRICS.map((name) => fs.openSync(path.join(raw, name + ".i64")));
    const types = [TIMESTAMP, INTEGER, INTEGER, ...METRICS.map(() => BIGINT)];
    const appender = await connection.createAppender("history");
    const rows = taken.length * parts;
    for (let at = 0, t = 0, p = 0; at < rows; at += CHUNK_ROWS) {
        const n = Math.min(CHUNK_ROWS, rows - at);
        const chunk = DuckDBDataChunk.create(types, n);
        const column = types.map((_, i) => chunk.getColumnVector(i));
        for (let i = 0, hour = Number(taken[t] / HOUR_US); i < n; i++) {
            column[0].items[i] = taken[t];
            column[1].items[i] = hour;
            column[2].items[i] = p;
            if (++p === parts) {
                p = 0;
                t++;
                hour += 1;
            }
        }
        files.forEach((file, m) => fs.readSync(file, column[3 + m].items, 0, n * 8, at * 8));
        column.forEach((c) => c.flush());
        appender.appendDataChunk(chunk);
    }
    appender.closeSync();
}

async function load(raw, parts, dir) {
    const file = path.join(dir, "history.duckdb");
    const instance = await DuckDBInstance.create(file, { threads: "2" });
    const connection = await instance.connect();
    const metrics = METRICS.map((name) => name + " BIGINT").join(", ");
    await connection.run(`CREATE TABLE history(taken_at TIMESTAMP, hour INTEGER,
        partition_num INTEGER, ${metrics})`);
    await append(connection, raw, parts);
    await connection.run("CHECKPOINT");
    for (const version of ["V1", "V2"]) {
        const parquet = path.join(dir, version.toLowerCase() + ".parquet");
        await connection.run(`COPY history TO '${parquet}'
            (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION ${version})`);
    }
}

async function open(file, threads) {
    if (!file.endsWith(".parquet"))
        return (await DuckDBInstance.create(file, { threads, access_mode: "READ_ONLY" })).connect();
    const connection = await (await DuckDBInstance.create(":memory:", { threads })).connect();
    await connection.run(`CREATE VIEW history AS SELECT * FROM read_parquet('${file}')`);
    return connection;
}

async function writeTables(connection, dir) {
    await connection.run("SET TimeZone = 'UTC'");
    for (const [table, key] of [["moments", "taken_at"], ["partitions", "partition_num"]])
        await connection.run(`COPY (SELECT * FROM ${table} ORDER BY ${key})
            TO '${path.join(dir, table + ".csv")}'
            (HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')`);
}

async function serve(file, threads, sql) {
    const text = fs.readFileSync(path.join(__dirname, sql), "utf8");
    const statements = text.replace(/--.*/g, "").split(";").filter((s) => s.trim());
    const connection = await open(file, threads);
    console.log("ready");
    for await (const line of require("readline").createInterface({ input: process.stdin })) {
        if (line === "run") {
            const began = process.hrtime.bigint();
            for (const statement of statements)
                await connection.run(statement);
            console.log(Number(process.hrtime.bigint() - began) / 1e9);
        } else {
            await writeTables(connection, line.replace(/^write /, ""));
            console.log("written");
        }
    }
}

const [command, ...args] = process.argv.slice(2);
if (command === "load" && args.length === 3)
    load(args[0], Number(args[1]), args[2]);
else if (command === "serve" && args.length >= 2)
    serve(args[0], args[1], args[2] || "duckdb.sql");
else {
    console.error("usage: duckdb.js load RAW_DIR PARTITIONS DIR | serve FILE THREADS [SQL]");
    process.exitCode = 64;
}

// One fan-out by pg-boss and nodemailer, each in its fastest way: jobs inserted in bulk, fetched and completed 500 at a
// time, mails composed and sent over a pool of connections that is kept.
//
// node fan_out.cjs CONFIG, a file with
//   socket, database   where the jobs are kept
//   port               the mail server, on this machine
//   connections        how many it is spoken to with
//   count              how many mails
//   from, subject, text, html, link: what they say; {link} stands for the reader's own link, link for what it begins with
//   report             the file to write { seconds, sent } into
//
// NODE_PATH says where the packages are.
"use strict";
const { createHmac, randomBytes } = require("node:crypto");
const { readFileSync, writeFileSync } = require("node:fs");
const nodemailer = require("nodemailer");
const PgBoss = require("pg-boss");

const QUEUE = "mail";
const BATCH = 500;
const INSERTED_AT_ONCE = 5000;

async function main(config) {
  const key = randomBytes(32);
  const boss = new PgBoss({
    host: config.socket,
    user: "postgres",
    database: config.database,
    // a round of fetching and completing each keeps one busy, and few suffice: the mails are what takes long
    max: 10,
  });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  const pool = nodemailer.createTransport({
    host: "127.0.0.1",
    port: config.port,
    secure: false,
    ignoreTLS: true,
    pool: true,
    maxConnections: config.connections,
    maxMessages: Infinity,
  });

  const send = async (id, { subscriber, email }) => {
    const token = createHmac("sha256", key).update(subscriber).digest("base64url");
    const link = config.link + token;
    await pool.sendMail({
      from: config.from,
      to: email,
      subject: config.subject,
      messageId: `<${id}@localhost>`,
      headers: { "List-Unsubscribe": `<${link}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
      text: config.text.replaceAll("{link}", link),
      html: config.html.replaceAll("{link}", link),
    });
  };

  const began = process.hrtime.bigint();
  for (let from = 0; from < config.count; from += INSERTED_AT_ONCE) {
    const length = Math.min(INSERTED_AT_ONCE, config.count - from);
    const jobs = Array.from({ length }, (_, index) => {
      const number = from + index;
      return { name: QUEUE, data: { update: 1, subscriber: `sub_${number}`, email: `reader${number}@example.net` } };
    });
    await boss.insert(jobs);
  }
  let sent = 0;
  const drain = async () => {
    for (;;) {
      const jobs = await boss.fetch(QUEUE, { batchSize: BATCH });
      if (!jobs || jobs.length === 0) {
        return;
      }
      await Promise.all(jobs.map((job) => send(job.id, job.data)));
      await boss.complete(QUEUE, jobs.map((job) => job.id));
      sent += jobs.length;
    }
  };
  await Promise.all([drain(), drain(), drain(), drain()]);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;

  writeFileSync(config.report, JSON.stringify({ seconds, sent }));
  pool.close();
  await boss.stop({ graceful: false });
}

main(JSON.parse(readFileSync(process.argv[2], "utf8"))).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
